import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { init, RoFormer } from "../../ts/index.js";
import type { HeadName } from "../../ts/nn/heads/index.js";
import { smallModel, TEXTS } from "../pipelines/models.js";
import { roformer, temporaryFolder } from "../process.js";

let folder: string;
const at = (name: string) => join(folder, name);
const HEADS: HeadName[] = [
  "base",
  "masked-lm",
  "sequence-classification",
  "token-classification",
  "question-answering",
];

/** What a command prints with --json, line by line. */
async function lines(args: readonly string[], input?: string): Promise<never[]> {
  const { code, stdout, stderr } = await roformer([...args, "--json"], { cwd: folder, ...(input && { input }) });
  if (code !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as never);
}

/** `value` as JSON has it. */
const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

async function library<T>(head: HeadName, use: (model: RoFormer) => Promise<T>): Promise<T> {
  const model = await RoFormer.load(at(head));
  try {
    return await use(model);
  } finally {
    model.close();
  }
}

describe("commands that use a model", () => {
  beforeAll(async () => {
    await init({ v8Flags: true }); // as the command line does: the same build, the same bits
    folder = temporaryFolder();
    for (const head of HEADS) {
      const model = await smallModel(head);
      await model.save(at(head));
      model.close();
    }
    writeFileSync(at("texts.csv"), `body,id\n${TEXTS.map((text, i) => `${text},${i}\n`).join("")}`);
    writeFileSync(at("qa.jsonl"), `${JSON.stringify({ question: "who ?", context: "anna ran in paris" })}\n`);
  });

  it("embed prints what the library gives, in input order, and writes .npy and .jsonl", async () => {
    const want = await library("base", (model) => model.embed(TEXTS, { pooling: "cls", normalize: true }));
    const options = ["embed", "--model", "base", "--pooling", "cls", "--normalize"];
    expect(await lines([...options, "--data", "texts.csv", "--text", "body"])).toEqual(
      want.map((vector) => ({ embedding: [...vector] })),
    );
    expect(await lines([...options, "-"], `${TEXTS.join("\n")}\n`)).toHaveLength(TEXTS.length);
    for (const file of ["out.npy", "out.jsonl"]) {
      expect(await lines([...options, ...TEXTS, "--out", file])).toEqual([{ texts: 5, width: 16, out: file }]);
    }
    const npy = readFileSync(at("out.npy"));
    expect(npy.subarray(0, 8)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]));
    const start = 10 + npy.readUInt16LE(8);
    expect(start % 64).toBe(0);
    expect(npy.subarray(10, start).toString()).toMatch(/'descr': '<f4', 'fortran_order': False, 'shape': \(5, 16\)/);
    const numbers = Array.from({ length: 80 }, (_, i) => npy.readFloatLE(start + 4 * i));
    expect(numbers).toEqual(want.flatMap((vector) => [...vector]));
    expect(readFileSync(at("out.jsonl"), "utf8").trim().split("\n")).toHaveLength(5);
  });

  it("search finds texts of a file", async () => {
    const want = await library("base", (model) => model.search(["who", "a mat"], TEXTS, { topK: 2 }));
    const found = await lines([
      ..."search --model base --data texts.csv --text body --top 2".split(" "),
      "who",
      "a mat",
    ]);
    expect(found).toEqual(
      json(
        want.map((hits, i) => ({
          query: ["who", "a mat"][i],
          hits: hits.map((hit) => ({ ...hit, text: TEXTS[hit.index] })),
        })),
      ),
    );
  });

  it("fill-mask prints a line a mask", async () => {
    const text = "the [MASK] sat on a [MASK]";
    const want = await library("masked-lm", (model) => model.fillMask(text, { topK: 2 }));
    const found: object[][] = await lines(["fill-mask", "--model", "masked-lm", text, "--top", "2"]);
    expect(found).toHaveLength(2);
    expect(found.flat()).toEqual(want.map((guess) => ({ ...guess, text })));
  });

  it("answer reads one text for all questions, or a file", async () => {
    const question = { question: "who ?", context: "anna ran in paris" };
    const want = json({ question: "who ?", answers: await library("question-answering", (m) => m.answer(question)) });
    const options = ["answer", "--model", "question-answering"];
    expect(await lines([...options, "who ?", "--context", question.context])).toEqual([want]);
    expect(await lines([...options, "who ?", "--context-file", "-"], question.context)).toEqual([want]);
    expect(await lines([...options, "--data", "qa.jsonl"])).toEqual([want]);
  });

  it("predict labels texts, or their tokens, as the model does", async () => {
    const labels = await library("sequence-classification", (model) => model.classify(TEXTS));
    expect(await lines(["predict", "--model", "sequence-classification", ...TEXTS])).toEqual(
      json(labels.map((label, i) => ({ text: TEXTS[i], ...label }))),
    );
    const tags = await library("token-classification", (m) => m.tagTokens(TEXTS, { aggregation: "simple" }));
    expect(await lines(["predict", "--model", "token-classification", ...TEXTS])).toEqual(
      json(tags.map((own, i) => ({ text: TEXTS[i], tags: own }))),
    );
  });

  it("predict and answer hand on what their pipelines take", async () => {
    const options = { aggregation: "first", ignoreLabels: ["LABEL_0", "O"], maxLength: 6, stride: 1 } as const;
    const tags = await library("token-classification", (m) => m.tagTokens(TEXTS, options));
    expect(tags).not.toEqual(await library("token-classification", (m) => m.tagTokens(TEXTS)));
    const flags = "--aggregation first --ignore-labels LABEL_0,O --max-length 6 --stride 1".split(" ");
    expect(await lines(["predict", "--model", "token-classification", ...TEXTS, ...flags])).toEqual(
      json(tags.map((own, i) => ({ text: TEXTS[i], tags: own }))),
    );
    const question = { question: "who ?", context: "anna ran in paris the cat sat on a mat" };
    const settings = { topK: 3, maxLength: 10, stride: 2, maxAnswerLength: 1 };
    const answers = await library("question-answering", (m) => m.answer(question, settings));
    const given = "--top 3 --max-length 10 --stride 2 --max-answer-length 1".split(" ");
    const asked = ["answer", "--model", "question-answering", "who ?", "--context", question.context];
    expect(await lines([...asked, ...given])).toEqual([json({ question: "who ?", answers })]);
  });

  it("name the file and the line of a text that a model cannot take", async () => {
    for (const head of ["base", "sequence-classification", "token-classification"] as const) {
      const model = await smallModel(head, { vocab_size: 9 }); // "cat" has a vector, "a" has none
      await model.save(at(`few-${head}`));
      model.close();
    }
    writeFileSync(at("few.csv"), "id,body\n1,the cat\n2,the a\n");
    writeFileSync(at("few.txt"), "the [MASK]\nthe cat\n");
    const qa = [
      { question: "who ?", context: "anna" },
      { question: "who ?", context: "" },
    ];
    writeFileSync(at("few.jsonl"), qa.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const csv = "--data few.csv --text body";
    const input = `${"the cat\n".repeat(2000)}the a\n`;
    const failing: [string, string, string?][] = [
      [`embed --model few-base ${csv}`, "few.csv:3: the tokenizer gives it the token 9"],
      [`search the --model few-base ${csv}`, "few.csv:3: the tokenizer gives it the token 9"],
      [`predict --model few-sequence-classification ${csv}`, "few.csv:3: the tokenizer gives it the token 9"],
      [`predict --model few-token-classification ${csv}`, "few.csv:3: the tokenizer gives it the token 9"],
      [
        "predict --model few-sequence-classification -",
        "standard input:2001: the tokenizer gives it the token 9",
        input,
      ],
      ["fill-mask --model masked-lm --data few.txt", "few.txt:2 has no [MASK] in its first 4 tokens"],
      ["answer --model question-answering --data few.jsonl", "few.jsonl:2: the context is empty"],
      ["embed --model few-base the a", "embed: texts[1]: the tokenizer gives it the token 9"],
    ];
    for (const [args, message, lines] of failing) {
      const { code, stderr } = await roformer([...args.split(" ")], { cwd: folder, ...(lines && { input: lines }) });
      expect(stderr, args).toContain(message);
      expect(code).toBe(1);
    }
  });

  it.each([
    ["predict --model sequence-classification a --aggregation max", 2, /are for models that tag tokens/],
    ["predict --model token-classification a --aggregation last", 2, /one of none, simple, first, average, max/],
    ["predict --model token-classification a --aggregation none --stride 2", 1, /stride needs an aggregation/],
    ["embed --model base", 2, /embed needs texts/],
    ["embed --model base a --out vectors.txt", 2, /must end in \.npy or \.jsonl/],
    ["embed --model base a --pooling median", 2, /median/],
    ["embed --model base a --pooling pooler", 1, /no pooler/],
    ["search --model base --data texts.csv --text body", 2, /search needs at least one query/],
    ["search --model base who", 2, /search needs --data/],
    ["search --model base who --data texts.csv", 2, /search --data needs --text COLUMN/],
    ["predict --model sequence-classification a -", 2, /texts, or - for standard input, not both/],
    ["answer --model question-answering - --context-file -", 2, /answer takes questions as words/],
    ["fill-mask --model masked-lm who", 1, /has no \[MASK\]/],
    ["fill-mask --model base [MASK]", 1, /does not fit config\.json/],
    ["answer --model question-answering who", 2, /one of --context TEXT, --context-file FILE and --data FILE/],
    ["answer --model question-answering --context a", 2, /at least one question/],
    ["predict --model question-answering a", 1, /not one with the head "question-answering"/],
  ])("%s: exit code %d and one line", async (words, code, message) => {
    const ended = await roformer(words.split(" "), { cwd: folder });
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe("");
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  });
});
