import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RoFormer } from "../../ts/index.js";
import {
  apart,
  type SentenceCase,
  sentenceCase,
  sentenceCases,
  sentenceFiles,
  writeFiles,
} from "../models/sentenceFolders.js";
import { roformer, temporaryFolder } from "../process.js";
import { createPool, session } from "./built.js";

const { cases, texts } = sentenceCases;

/** A process of its own may run other kernels, which round otherwise. */
const ROUNDING = 1e-5;

interface Hit {
  readonly index: number;
  readonly score: number;
}

function sameHits(got: readonly Hit[], want: readonly Hit[]): void {
  expect(got.map(({ index }) => index)).toEqual(want.map(({ index }) => index));
  expect(apart([got.map(({ score }) => score)], [want.map(({ score }) => score)])).toBeLessThan(ROUNDING);
}

/** What the library makes of a folder: vectors, and texts found for the first three. */
async function library(one: SentenceCase) {
  const model = await RoFormer.load(sentenceFiles(one));
  try {
    const found = await model.search(texts.slice(0, 3), texts, { topK: 4 });
    return { sentences: model.sentences, vectors: await model.embed(texts), found };
  } finally {
    model.close();
  }
}

describe("a session", () => {
  it("says and computes with every sentence-transformers folder what the library does", async () => {
    const asked = await session();
    for (const one of cases) {
      const want = await library(one);
      const model = await asked.load(sentenceFiles(one));
      expect(model.sentences, one.name).toEqual(want.sentences);
      expect(await model.embed([...texts]), one.name).toEqual(want.vectors);
      expect(await model.search(texts.slice(0, 3), [...texts], { topK: 4 }), one.name).toEqual(want.found);
      await model.close();
    }
  }, 60_000);

  it("of a pool too", async () => {
    const one = sentenceCase("0_BERT");
    const pool = await createPool({ size: 1 });
    const model = await pool.load(sentenceFiles(one));
    const want = await library(one);
    expect(model.sentences).toEqual(want.sentences);
    expect(await model.embed([...texts])).toEqual(want.vectors);
    await pool.close();
  });
});

describe("the command line", () => {
  const lines = async (args: readonly string[], cwd: string) => {
    const { code, stdout, stderr } = await roformer([...args, "--json"], { cwd });
    if (code !== 0) throw new Error(stderr);
    const rows = stdout.trim().split("\n");
    return rows.map((line) => JSON.parse(line) as { embedding: number[]; hits: { index: number; score: number }[] });
  };

  it.each(["0_BERT", "pooling_mode, two", "similarity dot, truncate_dim", "Dense, Normalize", "do_lower_case, prompt"])(
    "%s: embeds and finds what the library does",
    async (name) => {
      const place = temporaryFolder();
      await writeFiles(join(place, "model"), sentenceFiles(sentenceCase(name)));
      writeFileSync(join(place, "texts.jsonl"), texts.map((text) => `${JSON.stringify({ text })}\n`).join(""));
      const data = ["--model", "model", "--data", "texts.jsonl", "--text", "text"];
      const want = await library(sentenceCase(name));
      const embedded = await lines(["embed", ...data], place);
      expect(
        apart(
          embedded.map(({ embedding }) => embedding),
          want.vectors,
        ),
      ).toBeLessThan(ROUNDING);
      const found = await lines(["search", ...data, "--top", "4", ...texts.slice(0, 2)], place);
      for (const [i, { hits }] of found.entries()) sameHits(hits, want.found[i]!);
    },
    30_000,
  );

  it("takes what a call says otherwise", async () => {
    const one = sentenceCase("prompts without a default");
    const place = temporaryFolder();
    await writeFiles(join(place, "model"), sentenceFiles(one));
    const model = await RoFormer.load(sentenceFiles(one));
    const vectors = { pooling: ["max", "cls"], promptName: "passage", truncateDim: 20, normalize: true } as const;
    const flags = ["--pooling", "max,cls", "--prompt-name", "passage", "--truncate-dim", "20", "--normalize"];
    const embedded = await lines(["embed", "--model", "model", ...flags, "who", "a dog"], place);
    const want = await model.embed(["who", "a dog"], vectors);
    expect(
      apart(
        embedded.map(({ embedding }) => embedding),
        want,
      ),
    ).toBeLessThan(ROUNDING);
    writeFileSync(join(place, "texts.txt"), "a dog\nthe cat\n");
    const more = ["--query-prompt-name", "query", "--similarity-fn-name", "euclidean", "--prompt", "it is"];
    const data = ["--data", "texts.txt", "--model", "model"];
    const found = await lines(["search", ...data, ...more, "who"], place);
    const hits = await model.search("who", ["a dog", "the cat"], {
      prompt: "it is",
      queryPromptName: "query",
      similarityFnName: "euclidean",
    });
    sameHits(found[0]!.hits, hits);
    const { code, stderr } = await roformer(["embed", "--model", "model", "--pooling", "max,median", "a"], {
      cwd: place,
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/"median" is not one of cls, max, mean/);
    model.close();
  });
});
