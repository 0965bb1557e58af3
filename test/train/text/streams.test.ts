import { existsSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type PretrainOptions, pretrain } from "../../../ts/train/index.js";
import { temporaryFolder } from "../../process.js";

const WORDS = "the cat sat on a mat and dog ran far away from every other small house 猫 😀 über".split(" ");
/** Lines of words that follow from a seed. */
function text(lines: number, seed = 1): string {
  let state = seed;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state;
  };
  const line = () => Array.from({ length: 4 + (next() % 8) }, () => WORDS[next() % WORDS.length]).join(" ");
  return Array.from({ length: lines }, () => `${line()}.\n`).join("");
}

const small = { layers: 1, width: 16, heads: 2, maxLength: 16, batch: 4, steps: 4, dropout: 0, seed: 1 } as const;
const given = (change: Partial<PretrainOptions>): PretrainOptions => ({
  ...{ objective: "mlm", vocabSize: 90, data: { name: "a.txt", bytes: new TextEncoder().encode(text(300)) } },
  ...small,
  ...change,
});

/** Losses of all steps, the last scores, and what was said. */
async function trained(change: Partial<PretrainOptions>) {
  const [losses, said]: [number[], string[]] = [[], []];
  const onProgress = ({ loss }: { loss: number }) => losses.push(loss);
  const { model, metrics } = await pretrain(given({ ...change, onProgress, onMessage: (line) => said.push(line) }));
  model.close();
  const { n, loss } = metrics;
  return { losses, scores: { n, loss }, said: said.join("\n"), tokens: metrics.split };
}

/** A folder with one file of text. */
function folderWith(contents: string, name = "text.txt"): { folder: string; file: string } {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), contents);
  return { folder, file: join(folder, name) };
}

describe("a cache of encoded text", () => {
  it.each([
    ["clm", true],
    ["mlm", true],
    ["mlm", false],
  ] as const)("changes no bit of a run with %s, packing %s, and is used again", async (objective, packing) => {
    const { folder, file } = folderWith(text(300));
    const cache = join(folder, "cache");
    const want = await trained({ objective, packing, data: file, sampleBy: "line" });
    const first = await trained({ objective, packing, data: file, sampleBy: "line", cache });
    const again = await trained({ objective, packing, data: file, sampleBy: "line", cache });
    for (const one of [first, again]) expect([one.losses, one.scores]).toEqual([want.losses, want.scores]);
    expect(first.said).toContain("the text is encoded into");
    expect(again.said).toContain("the tokens are those of");
    expect(readdirSync(join(cache, "tokens"))).toHaveLength(1);
  });

  it("of other text, of another tokenizer, cut short or damaged is not used, and said", async () => {
    const { folder, file } = folderWith(text(300));
    const cache = join(folder, "cache");
    const run = (change: Partial<PretrainOptions> = {}) => trained({ data: file, cache, ...change });
    const want = await run();
    const [name] = readdirSync(join(cache, "tokens"));
    const path = join(cache, "tokens", name!);
    const whole = readFileSync(path);

    for (const size of [whole.length - 1, Math.floor(whole.length / 2), 3, 0]) {
      truncateSync(path, size);
      const cut = await run();
      expect(cut.said).toContain("it is cut short or damaged");
      expect(cut.losses).toEqual(want.losses);
      expect(readFileSync(path)).toEqual(whole);
    }
    const damaged = Buffer.from(whole);
    damaged[10]! ^= 1;
    writeFileSync(path, damaged);
    expect((await run()).said).toContain("it is cut short or damaged");

    expect((await run({ tokenizer: undefined, vocabSize: 80 })).said).toContain("made with another tokenizer");
    writeFileSync(file, text(300, 2));
    const other = await run();
    expect(other.said).toContain("is of other texts");
    expect(other.losses).not.toEqual(want.losses);
    // A file under another one's name is recognized by its content.
    const names = readdirSync(join(cache, "tokens"));
    const renamed = names.find((one) => one !== name && !other.said.includes(one))!;
    renameSync(join(cache, "tokens", renamed), path);
    writeFileSync(file, text(300));
    const fooled = await run();
    expect(fooled.said).toContain("it is of another text, tokenizer or setting");
    expect(fooled.losses).toEqual(want.losses);
  });

  it("that cannot be written is a line that names it", async () => {
    const { file } = folderWith(text(100));
    await expect(trained({ data: file, cache: "/proc/no/such" })).rejects.toThrow(
      /^\/proc\/no\/such: the cache of texts cannot be written: .*; cache \(--cache\) names another$/,
    );
  });
});

describe("scores of documents apart", () => {
  it("are of each document's tokens but the first, and tell no bits of the text", async () => {
    const lines = text(40);
    const valid = { name: "v.txt", bytes: new TextEncoder().encode(lines) };
    const options = { objective: "clm", tokenizer: "byte", valid, maxLength: 512, sampleBy: "line" } as const;
    const { model, metrics } = await pretrain(given({ ...options, vocabSize: undefined, packing: false }));
    model.close();
    const lengths = lines
      .trimEnd()
      .split("\n")
      .map((line) => Buffer.byteLength(line));
    expect(metrics.n).toBe(lengths.reduce((sum, length) => sum + length - 1, 0));
    expect([metrics.bitsPerCharacter, metrics.bitsPerByte]).toEqual([undefined, undefined]);
  });

  it("of packed text tell bits of its characters and of its bytes", async () => {
    const lines = text(40);
    const valid = { name: "v.txt", bytes: new TextEncoder().encode(lines) };
    const { model, metrics } = await pretrain(
      given({ objective: "clm", tokenizer: "byte", vocabSize: undefined, valid }),
    );
    model.close();
    const nats = metrics.loss * metrics.n;
    expect(metrics.bitsPerByte).toBeCloseTo(nats / Math.LN2 / Buffer.byteLength(lines), 6);
    expect(metrics.bitsPerCharacter).toBeCloseTo(nats / Math.LN2 / [...lines].length, 6);
  });

  it("of masks tell the share that is filled right, as the logits have it", async () => {
    const { model, metrics } = await pretrain(given({ steps: 60, lr: 5e-3, vocabSize: 90 }));
    model.close();
    expect(metrics.accuracy! * metrics.n).toBeCloseTo(Math.round(metrics.accuracy! * metrics.n), 6);
    expect(metrics.accuracy).toBeGreaterThan(1 / 90);
    expect(metrics.accuracy).toBeLessThan(1);
  });
});

describe("the order of the blocks", () => {
  it("follows from the seed", async () => {
    const [one, same, other] = [await trained({ seed: 5 }), await trained({ seed: 5 }), await trained({ seed: 6 })];
    expect(same).toEqual(one);
    expect(other.losses).not.toEqual(one.losses);
  });
});

describe("stages", () => {
  it("have their lengths, batches and steps, and are scored at the last one's length", async () => {
    const seen: number[] = [];
    const onProgress = ({ step }: { step: number }) => seen.push(step);
    const stages = [
      { maxLength: 8, batch: 4, steps: 3 },
      { maxLength: 32, batch: 2, steps: 2 },
    ];
    const { maxLength, batch, steps, ...rest } = small;
    const options = { ...given({}), maxLength: undefined, batch: undefined, steps: undefined, stages, onProgress };
    const { model, metrics } = await pretrain({ ...options, ...rest, objective: "clm" });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect([metrics.steps, metrics.settings.stages, model.trainedLength]).toEqual([5, stages, 32]);
    // 31 tokens of each window of 32 are guessed: the first is the one before's last.
    expect(metrics.n).toBe(metrics.split.valid - 1);
    model.close();
    await expect(pretrain({ ...options, ...rest, steps: 3 })).rejects.toThrow(
      "pretrain: steps cannot be set together with stages, which have it each",
    );
    for (const wrong of [[], [{ maxLength: 8 }], [{ maxLength: 3, batch: 1, steps: 1 }], "8x1"])
      await expect(pretrain({ ...options, ...rest, stages: wrong as never })).rejects.toThrow(
        /stages is .*, not a list of/,
      );
  });
});

describe("a corpus", () => {
  it("is the same from a file, a folder, a pattern, gzip, pieces of a stream and several formats' rows", async () => {
    const folder = temporaryFolder();
    const all = text(300);
    const lines = all.trimEnd().split("\n");
    writeFileSync(join(folder, "a.txt"), all);
    const want = await trained({ data: join(folder, "a.txt") });
    const streamed = { name: "standard input", bytes: inPieces(new TextEncoder().encode(all), 7) };
    for (const data of [folder, join(folder, "*.txt"), join(folder, "**/[a-c].{txt,md}"), streamed])
      expect({ ...(await trained({ data })), said: "" }).toEqual({ ...want, said: "" });

    const rows = temporaryFolder();
    writeFileSync(join(rows, "a.jsonl"), lines.map((line) => `${JSON.stringify({ text: line })}\n`).join(""));
    writeFileSync(join(rows, "b.csv"), `text\n${lines.map((line) => `"${line}"\n`).join("")}`);
    const apart = { packing: false, sampleBy: "line" } as const;
    const alone = await trained({ ...apart, data: join(folder, "a.txt") });
    for (const file of ["a.jsonl", "b.csv"]) {
      const { losses, scores } = await trained({ ...apart, data: join(rows, file) });
      expect([losses, scores]).toEqual([alone.losses, alone.scores]);
    }
  });

  it.each([
    ["an empty file", { "e.txt": "" }, "e.txt", /e\.txt is empty$/],
    ["white space", { "w.txt": " \n\n" }, "w.txt", /w\.txt: there is no text$/],
    ["a binary file", { "b.txt": Buffer.from([72, 105, 10, 0, 1]) }, "b.txt", /b\.txt:2: a NUL byte: this is a binary/],
    ["invalid UTF-8", { "u.txt": Buffer.from([72, 10, 10, 0xc3, 0x28, 10]) }, "u.txt", /u\.txt:3: not valid UTF-8$/],
    ["a cut character", { "c.txt": Buffer.from([72, 10, 0xe7, 0x8c]) }, "c.txt", /c\.txt:2: not valid UTF-8$/],
    ["a folder without texts", { "x.png": "x" }, ".", /the folder has no texts \(\.txt/],
    ["a pattern that nothing matches", { "x.png": "x" }, "*.txt", /\*\.txt: no file matches this pattern$/],
    ["a broken line of JSON", { "j.jsonl": '{"text": "a b"}\n{"text": \n' }, "j.jsonl", /j\.jsonl:2: broken JSON/],
    [
      "a missing column",
      { "j.jsonl": '{"body": "a b"}\n' },
      "j.jsonl",
      /j\.jsonl:1: no column "text"; there are "body"/,
    ],
    [
      "a broken Parquet file",
      { "p.parquet": "PAR1 no" },
      "p.parquet",
      /p\.parquet: not a Parquet file that can be read/,
    ],
  ])("of %s is a line that says so", async (_, files, data, message) => {
    const folder = temporaryFolder();
    for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), contents as string);
    const out = join(folder, "out");
    await expect(trained({ data: join(folder, data), out })).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
