import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { Tokenizer } from "../../ts/tokenizers/tokenizer.js";
import { trainTokenizer } from "../../ts/tokenizers/train.js";
import { smallModel } from "../pipelines/models.js";
import { roformer, temporaryFolder } from "../process.js";

const folder = temporaryFolder();
const lines = Array.from(
  { length: 300 },
  (_, i) => `The ${["cat", "dog", "bird"][i % 3]} sat on mat number ${i}, again`,
);
const cli = (...args: string[]) => roformer(["train-tokenizer", ...args], { cwd: folder });
const file = (name: string) => readFileSync(join(folder, name), "utf8");

beforeAll(() => {
  writeFileSync(join(folder, "a.txt"), `${lines.slice(0, 200).join("\n")}\n`);
  const rows = lines.slice(200).map((text) => `${JSON.stringify({ text, other: 1 })}\n`);
  writeFileSync(join(folder, "b.jsonl.gz"), gzipSync(rows.join("")));
  writeFileSync(join(folder, "c.csv"), `body,n\n${lines.map((text, i) => `"${text}",${i}\n`).join("")}`);
});

test.each(["wordpiece", "bpe", "unigram"] as const)(
  "%s: files give the tokenizer that their lines give",
  async (kind) => {
    const args = [
      "--data",
      "a.txt",
      "b.jsonl.gz",
      "--kind",
      kind,
      "--vocab-size",
      "320",
      "--out",
      `${kind}.json`,
      "--json",
    ];
    const { code, stdout, stderr } = await cli(...args);
    expect(code, stderr).toBe(0);
    const tokenizer = await trainTokenizer({ kind, lines, vocabSize: 320 });
    expect(file(`${kind}.json`)).toBe(new TextDecoder().decode(tokenizer.files().get("tokenizer.json")));
    expect(JSON.parse(stdout)).toEqual({ vocabSize: tokenizer.vocabSize, kind, seconds: expect.any(Number) });
    expect(stderr).toBe("read 300 texts\n");
    const loaded = await Tokenizer.load(join(folder, `${kind}.json`));
    expect(loaded.encode(lines[7]!).ids).toEqual(tokenizer.encode(lines[7]!).ids);
  },
);

test("a folder holds all files of a tokenizer, and none of the one before", async () => {
  const train = (kind: string) =>
    cli("--data", "c.csv", "--text", "body", "--kind", kind, "--vocab-size", "300", "--out", "made", "--quiet");
  const { code, stdout, stderr } = await train("wordpiece");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^\d+ entries in \d+ s\nsaved in made\n$/);
  const common = ["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"];
  expect(readdirSync(join(folder, "made")).sort()).toEqual([...common, "vocab.txt"]);
  expect((await train("bpe")).code).toBe(0);
  expect(readdirSync(join(folder, "made")).sort()).toEqual(common);
});

test("options come from a config file too, standard input is lines, and case is kept on demand", async () => {
  writeFileSync(
    join(folder, "run.yaml"),
    "data: [a.txt]\nkind: wordpiece\nvocabSize: 120\nlowercase: false\nout: cased.json\n",
  );
  expect((await cli("--config", "run.yaml")).code).toBe(0);
  expect(JSON.parse(file("cased.json")).normalizer.lowercase).toBe(false);
  const args = ["train-tokenizer", "--data", "-", "--kind", "wordpiece", "--vocab-size", "120", "--lowercase", "no"];
  const piped = await roformer([...args, "--out", "piped.json"], {
    cwd: folder,
    input: lines.slice(0, 200).join("\n"),
  });
  expect(piped.code, piped.stderr).toBe(0);
  expect(file("piped.json")).toBe(file("cased.json"));
});

test("what cannot be done is one line and the right exit code, and leaves nothing", async () => {
  const refused = async (code: number, message: RegExp, ...args: string[]) => {
    const ended = await cli(...args);
    expect(ended.stderr).toMatch(message);
    expect(ended).toMatchObject({ code, stdout: "" });
  };
  const to = ["--out", "none.json"];
  await refused(2, /train-tokenizer needs --kind/, "--data", "a.txt", ...to);
  await refused(2, /"words" is not one of wordpiece, bpe, unigram/, "--data", "a.txt", "--kind", "words", ...to);
  await refused(1, /^error: no.txt: no such file\n$/, "--data", "no.txt", "--kind", "bpe", ...to);
  await refused(1, /c.csv:1: no column "text"; there are "body", "n"/, "--data", "c.csv", "--kind", "bpe", ...to);
  const few = ["--data", "a.txt", "--kind", "unigram", "--vocab-size", "5", ...to];
  await refused(1, /^(read 200 texts\n)?error: train-tokenizer: vocabSize is 5, and the alphabet alone needs/, ...few);
  expect(existsSync(join(folder, "none.json"))).toBe(false);
  mkdirSync(join(folder, "taken.json"));
  await refused(1, /taken.json cannot be written/, "--data", "a.txt", "--kind", "bpe", "--out", "taken.json");
});

test("a model's folder is refused, whose texts the model would then read as others", async () => {
  const model = await smallModel("base");
  await model.save(join(folder, "model"));
  model.close();
  const before = file("model/tokenizer.json");
  for (const out of ["model", "model/tokenizer.json"]) {
    const ended = await cli("--data", "a.txt", "--kind", "bpe", "--out", out);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(/model holds a model, which would be read with the new tokenizer and be wrong/);
  }
  expect(file("model/tokenizer.json")).toBe(before);
});
