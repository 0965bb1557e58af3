import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Ended, ROOT, roformer, temporaryFolder } from "../process.js";

const folder = temporaryFolder();
const small = ["--layers", "1", "--width", "16", "--heads", "2", "--vocab-size", "80", "--batch", "8", "--steps", "2"];
const columns = ["--text", "text", "--label", "label"];
const rows = Array.from(
  { length: 24 },
  (_, i) => `it is ${i % 2 ? "bad" : "good"} number ${i},${i % 2 ? "no" : "yes"}\n`,
);
const csv = `text,label\n${rows.join("")}`;

const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const cli = (...args: readonly string[]): Promise<Ended> => roformer(args, { cwd: folder });
const finetune = (train: string, ...more: readonly string[]): Promise<Ended> =>
  cli("finetune", "--train", train, ...columns, "--out", "out", ...small, "--quiet", ...more);

/** Every file of a folder, with what it holds. */
const contents = (name: string) =>
  Object.fromEntries(
    readdirSync(join(folder, name)).map((file) => [file, readFileSync(join(folder, name, file), "hex")]),
  );

/** One line on stderr and nothing on stdout. */
function refused(ended: Ended, code: number, message: string | RegExp): void {
  expect(ended.stderr).toMatch(message);
  expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(/^error: [^\n]+\n$/) });
}

beforeAll(async () => {
  write("train.csv", csv);
  const { code, stderr } = await cli("finetune", "--train", "train.csv", ...columns, "--out", "model", ...small);
  expect(code, stderr).toBe(0);
});

describe("data that cannot be used are refused by file and line, and the previous model stays", () => {
  const files: Record<string, [string | Uint8Array, RegExp]> = {
    "column.csv": ["body,label\na,b\n", /column\.csv:1: no column "text"; there are "body", "label"/],
    "empty.csv": ["", /empty\.csv is empty/],
    "header.csv": ["text,label\n", /header\.csv has no rows/],
    "width.csv": [`${csv}a,b,c\n`, /width\.csv:26: 3 fields, but the header has 2/],
    "quote.csv": [`${csv}"a,b\nc,d\n`, /quote\.csv:26: a quote is opened and never closed/],
    "broken.jsonl": ['{"text":"a","label":"b"}\n{"text":\n', /broken\.jsonl:2: broken JSON/],
    "bytes.csv": [new Uint8Array([...Buffer.from(csv), 0xff, 10]), /bytes\.csv:26: not valid UTF-8/],
    "once.csv": [`${csv}lone,maybe\n`, /once\.csv:26: the label "maybe" occurs once/],
    "few.csv": ["text,label\na,x\nb,x\na,y\nb,y\n", /few\.csv: 4 rows are too few/],
    "quoted.tsv": ['text\tlabel\n"a\tb"\tx\n', /quoted\.tsv:2: 3 fields, but the header has 2; .* --quoted/],
    "separated.csv": ["text|label\na|x\n", /separated\.csv:1: no column "text".*"\|" would separate it: .*--separator/],
    "null.jsonl": [
      '{"text":"a","label":"x"}\n{"text":"b","label":null}\n',
      /null\.jsonl:2: "label" is null, not a text/,
    ],
  };

  it.each(Object.entries(files))("%s", async (name, [content, message]) => {
    write(name, content);
    const before = contents("model");
    refused(await finetune(name, "--out", "model"), 1, message);
    expect(contents("model")).toEqual(before);
  });

  it("a label that the model does not know, at evaluation", async () => {
    write("unknown.csv", "text,label\na,yes\nb,perhaps\n");
    refused(
      await cli("evaluate", "--model", "model", "--data", "unknown.csv", ...columns),
      1,
      /unknown\.csv:3: unknown label "perhaps"; known are "no", "yes"/,
    );
  });
});

describe("a model that cannot be used is refused", () => {
  const copy = (name: string) => cpSync(join(folder, "model"), join(folder, name), { recursive: true });
  const edit = (name: string, file: string, change: (text: string) => string) => {
    copy(name);
    write(`${name}/${file}`, change(readFileSync(join(folder, name, file), "utf8")));
  };
  const config = (name: string, change: object) =>
    edit(name, "config.json", (text) => JSON.stringify({ ...JSON.parse(text), ...change }));
  const predict = (name: string, ...words: string[]) => cli("predict", "--model", name, ...words);

  it("a padding token outside the vocabulary", async () => {
    config("padding", { pad_token_id: 80 });
    refused(await predict("padding", "x"), 1, /padding\/config\.json: pad_token_id is 80, not below vocab_size \d+/);
  });

  it("another model's tokenizer, and one that makes no token of a text: the row is named", async () => {
    edit("foreign", "tokenizer.json", (text) => text.replace(/"it":\s*\d+/, '"it":3000'));
    refused(
      await cli("evaluate", "--model", "foreign", "--data", "train.csv", ...columns),
      1,
      /train\.csv:2: the tokenizer gives it the token 3000, but the model's vocab_size is \d+/,
    );
    edit("bare", "tokenizer.json", (text) => JSON.stringify({ ...JSON.parse(text), post_processor: null }));
    refused(await predict("bare", "it", ""), 1, /texts\[1\]: the tokenizer returns no tokens for it/);
  });

  it("weights that are NaN: no label is given, and no score", async () => {
    copy("spoilt");
    const file = join(folder, "spoilt/model.safetensors");
    const bytes = readFileSync(file);
    bytes.fill(0xff, 8 + Number(bytes.readBigUInt64LE(0)));
    writeFileSync(file, bytes);
    refused(await predict("spoilt", "x"), 1, /NaN/);
    const { code, stdout } = await cli("evaluate", "--model", "spoilt", "--data", "train.csv", ...columns, "--quiet");
    expect([code, stdout]).toEqual([1, ""]);
  });
});

describe("a run that cannot end well", () => {
  it("says so before it trains, if the model could not be saved", async () => {
    write("file", "mine");
    const endless = ["--steps", "1000000"];
    refused(await finetune("train.csv", ...endless, "--out", "file"), 1, /file cannot be written: .* is a file/);
    refused(await finetune("train.csv", ...endless, "--out", "file/x"), 1, /a part of the path is a file/);
    mkdirSync(join(folder, "mine"));
    write("mine/config.json", "{}");
    refused(await finetune("train.csv", ...endless, "--out", "mine"), 1, /there is a file config.json, and no model/);
    refused(await finetune("empty.csv", "--out", "new/deep/model"), 1, /empty\.csv is empty/);
    expect(existsSync(join(folder, "new"))).toBe(false);
  });

  it("stops where the loss is no number, or the model between two steps is none: nothing is saved", async () => {
    for (const batch of ["8", "100"]) {
      const ended = await finetune("train.csv", "--lr", "1e9", "--warmup", "0", "--steps", "9", "--batch", batch);
      refused(ended, 1, /learning rate/);
    }
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});

describe("a config file", () => {
  it.each([
    ["broken.json", '{\n"model": }', /broken\.json:2: /],
    ["short.json", '{\n"model": "m"\n', /short\.json:2: /],
    ["broken.yaml", "model: m\n bad: [\n", /broken\.yaml:\d: .+/],
    ["list.yaml", "- model\n", /list\.yaml is a list, not an object/],
    ["number.yaml", "maxLength: .nan\n", /number\.yaml: maxLength: NaN is not a whole number/],
    ["string.yaml", 'maxLength: "16"\n', /string\.yaml: maxLength: "16" is a string; write the number without quotes/],
    ["key.yaml", "? [a]\n: b\n", /key\.yaml: .* is not an option/],
    ["empty.yaml", 'model: ""\n', /empty\.yaml: model: "" is not a path/],
  ])("%s is refused in one line", async (name, content, message) => {
    write(name, content);
    refused(await cli("predict", "--config", name, "x"), 1, message);
  });
});

describe("delimited files in other forms", () => {
  const predicted = async (name: string, content: string, ...more: readonly string[]) => {
    write(name, content);
    const ended = await cli(
      "predict",
      "--model",
      "model",
      "--data",
      name,
      "--text",
      "text",
      "--json",
      "--quiet",
      ...more,
    );
    expect(ended.code, ended.stderr).toBe(0);
    return ended.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { text: string }).text);
  };

  it.each<[string, string, readonly string[], readonly string[]]>([
    ["column.csv", 'text\na good cat\n""\nbad dog\n', [], ["a good cat", "", "bad dog"]],
    ["cr.csv", "text,label\ra,x\rb,y", [], ["a", "b"]],
    ["semicolons.csv", "text;label\na, b;x\nc;y\n", [], ["a, b", "c"]],
    ["bars.csv", "text|label\na, b|x\nc|y\n", ["--separator", "|"], ["a, b", "c"]],
    ["tabs.txt", "text\tlabel\na, b\tx\nc\ty\n", ["--format", "csv", "--separator", "tab"], ["a, b", "c"]],
    ["quoted.tsv", 'text\tlabel\n"a\tb\nc"\tx\nd\ty\n', ["--quoted"], ["a\tb\nc", "d"]],
    ["plain.tsv", 'text\tlabel\n"a\tx\n"b"\ty\n', [], ['"a', '"b"']],
  ])("%s", async (name, content, more, want) => {
    expect(await predicted(name, content, ...more)).toEqual(want);
  });

  it("embed gives a vector a row too, empty ones included", async () => {
    write("column.csv", 'text\na good cat\n""\nbad dog\n');
    const { stdout } = await cli(
      "embed",
      "--model",
      "model",
      "--data",
      "column.csv",
      "--text",
      "text",
      "--json",
      "--quiet",
    );
    expect(stdout.trim().split("\n")).toHaveLength(3);
  });
});

describe("streams", () => {
  it("standard input is csv unless told otherwise", async () => {
    const args = ["evaluate", "--model", "model", "--data", "-", ...columns, "--json", "--quiet"];
    const { code, stdout } = await roformer(args, { cwd: folder, input: csv });
    expect([code, JSON.parse(stdout).n]).toEqual([0, 24]);
  });

  it.skipIf(process.platform === "win32")("Ctrl-C ends the waiting for standard input", async () => {
    const child = spawn(process.execPath, [join(ROOT, "dist/cli/index.js"), "predict", "--model", "model", "-"], {
      cwd: folder,
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    // A process that has just begun has no handler yet, and would be killed without a word.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(stderr).toBe("interrupted while standard input was read\n");
  });

  it("a run goes on and is saved where nobody reads its progress any more", async () => {
    const args = ["finetune", "--train", "train.csv", ...columns, "--out", "unread", ...small, "--steps", "60"];
    const child = spawn(process.execPath, [join(ROOT, "dist/cli/index.js"), ...args], { cwd: folder });
    child.stderr.once("data", () => child.stderr.destroy());
    child.stdout.resume();
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    expect(existsSync(join(folder, "unread/model.safetensors"))).toBe(true);
  });

  it("labels with line ends take one line each", async () => {
    mkdirSync(join(folder, "lines"));
    write(
      "labels.jsonl",
      Array.from({ length: 24 }, (_, i) => `{"text":"it is ${i}","label":"${i % 2 ? "a\\nb" : "constructor"}"}\n`).join(
        "",
      ),
    );
    const { code, stderr } = await finetune("labels.jsonl", "--out", "lines/model");
    expect(code, stderr).toBe(0);
    const { stdout } = await cli("predict", "--model", "lines/model", "one", "two");
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    const config = JSON.parse(readFileSync(join(folder, "lines/model/config.json"), "utf8"));
    expect(config.label2id).toEqual({ "a\nb": 0, constructor: 1 });
  });
});
