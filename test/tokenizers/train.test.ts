import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { AbortError, ConfigError, DataError } from "../../ts/errors.js";
import { type TokenizerKind, type TrainTokenizerOptions, trainTokenizer } from "../../ts/tokenizers/train.js";

interface Lesson {
  readonly kind: TokenizerKind;
  readonly options: Omit<TrainTokenizerOptions, "kind" | "lines">;
  readonly corpus: string[];
  readonly expected: {
    readonly vocabSize: number;
    readonly vocabulary?: string[];
    readonly always?: string[];
    readonly tokensOnCorpus: [number, number];
  };
}

const path = (name: string) => new URL(`../golden/tokenizers/training/${name}.json`, import.meta.url).pathname;
const lessons = ["bpe-400-0", "wordpiece-300-3", "unigram-300-4"];
const lesson = (name: string): Lesson => JSON.parse(readFileSync(path(name), "utf8"));
const learn = ({ kind, options, corpus }: Lesson) => trainTokenizer({ kind, lines: corpus, ...options });

describe.each(lessons)("%s", (name) => {
  test("the vocabulary is that of the reference, as far as the reference agrees with itself", async () => {
    const { expected, ...rest } = lesson(name);
    const tokenizer = await learn({ expected, ...rest });
    const pieces = [...tokenizer.getVocab().keys()];
    expect(pieces).toHaveLength(expected.vocabSize);
    if (expected.vocabulary) expect(pieces).toEqual(expected.vocabulary);
    expect(expected.always?.filter((piece) => tokenizer.tokenToId(piece) === undefined) ?? []).toEqual([]);
    const { offsets } = tokenizer.encodeBatch(rest.corpus, { addSpecialTokens: false });
    expect(offsets.at(-1)).toBeGreaterThanOrEqual(expected.tokensOnCorpus[0]);
    expect(offsets.at(-1)).toBeLessThanOrEqual(expected.tokensOnCorpus[1]);
  });

  test("two processes train the same bytes", async () => {
    const script = new URL("./trainInProcess.ts", import.meta.url).pathname;
    const run = async () =>
      (await promisify(execFile)(process.execPath, ["--import", "tsx", script, path(name)])).stdout;
    const [first, second] = await Promise.all([run(), run()]);
    expect(first).toBe(second);
    const files = (await learn(lesson(name))).files();
    expect(JSON.parse(first)).toBe(new TextDecoder().decode(files.get("tokenizer.json")));
  });
});

test("pieces of a trained tokenizer spell its text again", async () => {
  const { corpus } = lesson("wordpiece-300-3");
  const line = corpus.find((line) => line.length > 30)!;
  for (const kind of ["bpe", "unigram"] as const) {
    const tokenizer = await trainTokenizer({ kind, lines: corpus, vocabSize: 400 });
    expect(tokenizer.decode(tokenizer.encode(line).ids, { skipSpecialTokens: true })).toBe(line);
  }
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines: corpus, vocabSize: 400 });
  const spelt = tokenizer.decode(tokenizer.encode(line).ids, { skipSpecialTokens: true });
  expect(spelt.replaceAll(" ", "")).toBe(line.toLowerCase().replaceAll(" ", ""));
});

test("lines may come asynchronously, and case and special tokens are the caller's", async () => {
  async function* lines() {
    for (let i = 0; i < 20; i++) yield `Hello World ${i % 2 ? "\0" : "é"}`;
  }
  const specialTokens = ["<none>", "[UNK]"];
  const tokenizer = await trainTokenizer({
    kind: "wordpiece",
    lines: lines(),
    vocabSize: 60,
    lowercase: false,
    specialTokens,
  });
  expect([tokenizer.tokenToId("<none>"), tokenizer.unkTokenId, tokenizer.clsTokenId]).toEqual([0, 1, undefined]);
  expect(tokenizer.encode("Hello hello <none>").tokens).toEqual(["Hello", "[UNK]", "<none>"]);
  const folded = await trainTokenizer({
    kind: "bpe",
    lines: ["HELLO hello"],
    vocabSize: 270,
    minFrequency: 0,
    lowercase: true,
  });
  expect(folded.encode("HELLO").ids).toEqual(folded.encode("hello").ids);
});

test("what cannot be trained is refused", async () => {
  const lines = ["some text to train on"];
  const train = (options: object) => trainTokenizer({ kind: "bpe", lines, ...options } as TrainTokenizerOptions);
  await expect(train({ kind: "words" })).rejects.toThrow(ConfigError);
  await expect(train({ kind: "constructor" })).rejects.toThrow(ConfigError);
  await expect(train({ vocabSize: 0 })).rejects.toThrow(ConfigError);
  await expect(train({ minFrequency: -1 })).rejects.toThrow(ConfigError);
  await expect(train({ specialTokens: ["a", "a"] })).rejects.toThrow(ConfigError);
  await expect(train({ kind: "wordpiece", specialTokens: ["[PAD]"] })).rejects.toThrow(/with \[UNK\]/);
  await expect(train({ lines: [] })).rejects.toThrow(new DataError("train-tokenizer: there is no text to train on"));
  await expect(train({ lines: ["", " "], kind: "wordpiece" })).rejects.toThrow(DataError);
  await expect(train({ lines: ["a", 3] })).rejects.toThrow("train-tokenizer: line 2 is number, not a string");
  await expect(train({ kind: "unigram", vocabSize: 10 })).rejects.toThrow(
    /vocabSize is 10, and the alphabet alone needs/,
  );
  await expect(train({ signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
});

test("Unigram is trained on text without spaces in time, and other kinds say why they are not", async () => {
  const lines = [`${"ab".repeat(200_000)}`, "a b c"];
  const tokenizer = await trainTokenizer({ kind: "unigram", lines, vocabSize: 20 });
  expect(tokenizer.encode("abab").ids.length).toBeGreaterThan(0);
  const alone = { lines: [lines[0]!], vocabSize: 300 };
  await expect(trainTokenizer({ kind: "wordpiece", ...alone })).rejects.toThrow(
    /all words are longer than 100 characters/,
  );
});
