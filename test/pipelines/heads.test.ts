import { describe, expect, it } from "vitest";
import { ConfigError, DataError, type TagTokensOptions } from "../../ts/index.js";
import { smallModel, TEXTS } from "./models.js";

const softmax = (logits: number[]) => {
  const sum = logits.reduce((all, x) => all + Math.exp(x), 0);
  return logits.map((x) => Math.exp(x) / sum);
};
const rows = ({ data, shape }: { data: Float32Array; shape: readonly number[] }): number[][] => {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, r) => [...data.slice(r * width, (r + 1) * width)]);
};

describe("fillMask", () => {
  it("gives the likeliest tokens of each mask, in order", async () => {
    const model = await smallModel("masked-lm");
    const texts = ["the [MASK] sat on a [MASK]", "who [MASK] ?"];
    const found = await model.fillMask(texts, { topK: 3 });
    for (const [i, text] of texts.entries()) {
      const { ids } = model.tokenizer!.encode(text);
      const logits = rows(model.forward({ inputIds: [ids] }).logits!);
      const masks = ids.flatMap((id, at) => (id === 4 ? [at] : []));
      const want = masks.flatMap((at, mask) =>
        softmax(logits[at]!)
          .map((score, tokenId) => ({ mask, tokenId, score }))
          .sort((a, b) => b.score - a.score)
          .slice(0, 3),
      );
      expect(found[i]!.map(({ mask, tokenId }) => ({ mask, tokenId }))).toEqual(
        want.map(({ mask, tokenId }) => ({ mask, tokenId })),
      );
      for (const [n, guess] of found[i]!.entries()) expect(Math.abs(guess.score - want[n]!.score)).toBeLessThan(1e-5);
    }
    const [best] = found[1]!;
    expect(best!.token).toBe(model.tokenizer!.idToToken(best!.tokenId));
    if (!best!.token.startsWith("[")) expect(best!.sequence).toContain(best!.token.replace("##", ""));
    await expect(model.fillMask(["a [MASK]", "no mask"])).rejects.toThrow(/texts\[1\] has no \[MASK\]/);
    await expect(model.fillMask("a [MASK] mat [MASK]", { maxLength: 4 })).rejects.toThrow(
      /masks beyond its first 4 tokens/,
    );
    await expect(model.fillMask("a [MASK]", { topK: 0 })).rejects.toThrow(ConfigError);
    await expect(model.classify("a")).rejects.toThrow(/needs a model with the head "sequence-classification"/);
    model.close();
  });
});

describe("tagTokens", () => {
  const id2label = { 0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC" };

  it("labels every token, with its place in the text, in the order of the texts", async () => {
    const model = await smallModel("token-classification", { id2label });
    const found = await model.tagTokens(TEXTS, { ignoreLabels: [], batchTokens: 7 });
    for (const [i, text] of TEXTS.entries()) {
      const { ids, offsets, tokens } = model.tokenizer!.encode(text);
      const logits = rows(model.forward({ inputIds: [ids] }).logits!);
      expect(found[i]!.map(({ index }) => index)).toEqual(ids.slice(2).map((_, t) => t + 1));
      expect(found[i]!.map(({ word }) => word)).toEqual(tokens.slice(1, -1));
      for (const { index, label, score, start, end } of found[i]!) {
        const all = softmax(logits[index]!);
        expect(label).toBe(Object.values(id2label)[all.indexOf(Math.max(...all))]);
        expect(Math.abs(score - Math.max(...all))).toBeLessThan(1e-5);
        expect([start, end]).toEqual(offsets[index]);
      }
    }
    model.close();
  });

  it("joins neighbours of one kind, and a B- begins anew", async () => {
    const model = await smallModel("token-classification", { id2label });
    const tags = (await model.tagTokens(TEXTS, { ignoreLabels: [] })).flat();
    const groups = (await model.tagTokens(TEXTS, { ignoreLabels: [], aggregation: "simple" })).flat();
    expect(groups.length).toBeLessThan(tags.length);
    let at = 0;
    for (const { label, start, end, score, word } of groups) {
      const own = [tags[at]!];
      const text = TEXTS.find((one) => one.slice(start, end) === word);
      expect(text).toBeDefined();
      while (own.at(-1)!.end !== end) own.push(tags[++at]!);
      at++;
      expect(new Set(own.map((tag) => tag.label.replace(/^[BI]-/, "")))).toEqual(new Set([label]));
      expect(own.slice(1).some((tag) => tag.label.startsWith("B-"))).toBe(false);
      expect(own[0]!.start).toBe(start);
      expect(score).toBeCloseTo(own.reduce((sum, tag) => sum + tag.score, 0) / own.length, 12);
    }
    expect(at).toBe(tags.length);
    model.close();
  });

  it("reads a long text in windows if a stride is given, and its beginning alone if not", async () => {
    const model = await smallModel("token-classification", { id2label });
    const text = "the cat sat on a mat and anna ran ".repeat(5);
    const options = { ignoreLabels: [], aggregation: "simple", maxLength: 12 } as const;
    expect((await model.tagTokens(text, options)).at(-1)!.end).toBeLessThan(40);
    const tags = await model.tagTokens(text, { ...options, stride: 4 });
    expect(tags.at(-1)!.end).toBe(text.trimEnd().length);
    for (const [i, { start, word }] of tags.entries()) {
      expect(start).toBeGreaterThanOrEqual(i === 0 ? 0 : tags[i - 1]!.end);
      expect(word).not.toBe("");
    }
    const refused = (change: object) =>
      expect(model.tagTokens(text, { ...options, ...change } as TagTokensOptions)).rejects;
    await refused({ stride: 10 }).toThrow(/stride is 10, .* less than the 10 tokens of text in a window/);
    await refused({ stride: -1 }).toThrow(ConfigError);
    await refused({ stride: 4, aggregation: "none" }).toThrow(/stride needs an aggregation/);
    await refused({ aggregation: "last" }).toThrow(/"last", not one of none, simple, first, average, max/);
    model.close();
  });
});

describe("answer", () => {
  const question = "who sat ?";
  const context = "the cat sat on a mat anna ran farther in paris a dog ran";

  /** Every span of a context that one window holds, by the model's own outputs. */
  async function all(longest: number) {
    const model = await smallModel("question-answering");
    const { ids, typeIds, offsets } = model.tokenizer!.encode(question, { pair: context });
    const out = model.forward({ inputIds: [ids], tokenTypeIds: [typeIds] });
    const inside = typeIds.flatMap((type, t) => (type === 1 && offsets[t]![1] > 0 ? [t] : []));
    // [CLS], number 0, takes part in the probabilities.
    const [starts, ends] = [out.startLogits!, out.endLogits!].map(({ data }) =>
      softmax([0, ...inside].map((t) => data[t]!)).slice(1),
    );
    const spans = inside.flatMap((s, i) =>
      inside.slice(i, i + longest).map((e, j) => ({ s, e, score: starts![i]! * ends![i + j]! })),
    );
    model.close();
    return spans.sort((a, b) => b.score - a.score).map((span) => ({ ...span, offsets, tokens: ids }));
  }

  it("gives the likeliest span of the context", async () => {
    const model = await smallModel("question-answering");
    const want = await all(4);
    const [found] = await model.answer({ question, context }, { maxAnswerLength: 4 });
    expect(Math.abs(found!.score - want[0]!.score)).toBeLessThan(1e-5);
    expect(found!.answer).toBe(context.slice(found!.start, found!.end));
    expect(found!.start).toBeLessThanOrEqual(want[0]!.offsets[want[0]!.s]![0]);
    expect(found!.end).toBeGreaterThanOrEqual(want[0]!.offsets[want[0]!.e]![1]);
    expect(`${context} `).toContain(`${found!.answer} `); // a whole word at the end
    const several = await model.answer([{ question, context }], { topK: 5, maxAnswerLength: 4 });
    expect(several[0]).toHaveLength(5);
    expect(several[0]!.map(({ score }) => score)).toEqual(several[0]!.map(({ score }) => score).sort((a, b) => b - a));
    model.close();
  });

  it("reads long contexts in windows, and finds places in the whole text", async () => {
    const model = await smallModel("question-answering");
    const long = `${"a dog ran ".repeat(60)}${context}`;
    const [found] = await model.answer({ question, context: long }, { maxLength: 32, stride: 8 });
    expect(found!.answer).toBe(long.slice(found!.start, found!.end));
    expect(found!.answer.length).toBeGreaterThan(0);
    await expect(model.answer({ question: "who ".repeat(40), context }, { maxLength: 32 })).rejects.toThrow(
      /question takes 43 tokens of maxLength 32/,
    );
    await expect(model.answer({ question, context }, { stride: Number.NaN })).rejects.toThrow(ConfigError);
    await expect(model.answer({ question, context: "" })).rejects.toThrow(/questions\[0\]: the context is empty/);
    await expect(model.answer({ question: "", context })).rejects.toThrow(DataError);
    await expect(model.answer({ question } as never)).rejects.toThrow(/must be \{ question, context \}/);
    model.close();
  });

  it("may say that there is no answer", async () => {
    const model = await smallModel("question-answering");
    const found = await model.answer({ question, context }, { topK: 1000, handleImpossibleAnswer: true });
    expect(found.filter(({ answer }) => answer === "")).toHaveLength(1);
    model.close();
  });
});

describe("choose", () => {
  it("gives the probabilities of the head's logits, for questions of any number of choices", async () => {
    const model = await smallModel("multiple-choice", { summary_type: "first" });
    const questions = [
      { prompt: "the cat", choices: ["sat on a mat", "ran in paris"] },
      { prompt: "who ran", choices: ["anna", "a dog", "the mat"] },
    ];
    const found = await model.choose(questions, { batchTokens: 9 });
    for (const [i, { prompt, choices }] of questions.entries()) {
      const each = choices.map((choice) => model.tokenizer!.encode(prompt, { pair: choice }));
      const logits = each.map(({ ids, typeIds }) => {
        return model.forward({ inputIds: [[ids]], tokenTypeIds: [[typeIds]] }).logits!.data[0]!;
      });
      const want = softmax(logits);
      for (const [c, score] of found[i]!.scores.entries()) expect(Math.abs(score - want[c]!)).toBeLessThan(1e-6);
      expect(found[i]!.choice).toBe(choices[want.indexOf(Math.max(...want))]);
    }
    await expect(model.choose({ prompt: "a", choices: [] })).rejects.toThrow(DataError);
    model.close();
  });
});
