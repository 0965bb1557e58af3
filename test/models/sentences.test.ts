import { describe, expect, it } from "vitest";
import { RoFormer } from "../../ts/index.js";
import { apart, sentenceCases, sentenceFiles } from "./sentenceFolders.js";

const { cases, texts } = sentenceCases;

describe("sentence-transformers' folders", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s: vectors are Python's", async (_, one) => {
    const model = await RoFormer.load(sentenceFiles(one));
    for (const { options, vectors } of one.runs)
      expect(apart(await model.embed(texts, options), vectors), JSON.stringify(options)).toBeLessThan(2e-5);
    model.close();
  });

  it.each(cases.filter(({ similarity }) => similarity).map((one) => [one.name, one] as const))(
    "%s: scores are Python's similarities, and the order is theirs",
    async (_, one) => {
      const model = await RoFormer.load(sentenceFiles(one));
      const found = await model.search(texts.slice(0, 3), texts, { topK: texts.length });
      for (const [i, hits] of found.entries()) {
        const want = one.similarity![i]!;
        for (const { index, score } of hits)
          expect(Math.abs(score - want[index]!) / Math.max(1, Math.abs(want[index]!))).toBeLessThan(2e-5);
        const order = want.map((_, index) => index).sort((a, b) => want[b]! - want[a]!);
        expect(hits.map(({ index }) => index)).toEqual(order);
      }
      model.close();
    },
  );
});
