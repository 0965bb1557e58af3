import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError, DataError, RoFormer } from "../../ts/index.js";
import { temporaryFolder } from "../process.js";
import { smallModel, TEXTS } from "./models.js";

let model: RoFormer;
beforeAll(async () => {
  model = await smallModel("base", { pooler_activation: "linear" });
});
afterAll(() => model.close());

/** The hidden states of one text, a row a token. */
function states(text: string): number[][] {
  const { data } = model.forward({ inputIds: [model.tokenizer!.encode(text).ids] }).lastHiddenState;
  return Array.from({ length: data.length / 16 }, (_, t) => [...data.slice(16 * t, 16 * t + 16)]);
}
const near = (got: ArrayLike<number>, want: ArrayLike<number>) =>
  expect(Math.max(...Array.from(got, (x, i) => Math.abs(x - want[i]!)))).toBeLessThan(1e-6 * 16);

describe("embed", () => {
  const formulas = {
    mean: (rows: number[][]) => rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length),
    cls: (rows: number[][]) => rows[0]!,
    last: (rows: number[][]) => rows.at(-1)!,
  };

  it.each(Object.entries(formulas))(
    "%s is made of the hidden states, in the order of the texts",
    async (pooling, of) => {
      const vectors = await model.embed(TEXTS, { pooling: pooling as "mean", batchTokens: 8 });
      for (const [i, text] of TEXTS.entries()) near(vectors[i]!, of(states(text)));
    },
  );

  it("pooler is the model's own, which other models do not have", async () => {
    const [want] = [model.forward({ inputIds: [model.tokenizer!.encode("a dog ran").ids] }).poolerOutput!.data];
    expect([...(await model.embed("a dog ran", { pooling: "pooler" }))]).toEqual([...want]);
    const other = await smallModel("base");
    await expect(other.embed("a dog ran", { pooling: "pooler" })).rejects.toThrow(/no pooler/);
    other.close();
  });

  it("normalises when asked to", async () => {
    const [plain, unit] = [await model.embed("a dog ran"), await model.embed("a dog ran", { normalize: true })];
    const length = Math.hypot(...plain);
    near(
      unit,
      plain.map((x) => x / length),
    );
    expect(Math.abs(Math.hypot(...unit) - 1)).toBeLessThan(1e-6);
  });

  it("follows sentence-transformers' files, which a copy keeps", async () => {
    const folder = `${temporaryFolder()}/model`;
    const modules = ["Transformer", "Pooling", "Normalize"].map((kind, idx) => ({
      idx,
      name: String(idx),
      path: idx === 0 ? "" : `${idx}_${kind}`,
      type: `sentence_transformers.models.${kind}`,
    }));
    const extra = {
      "modules.json": modules,
      "1_Pooling/config.json": { word_embedding_dimension: 16, pooling_mode_cls_token: true },
      "sentence_bert_config.json": { max_seq_length: 4 },
    };
    const files = new Map(Object.entries(extra).map(([name, value]) => [name, JSON.stringify(value)]));
    await model.save(folder, { files });
    const loaded = await RoFormer.load(folder);
    const want = await model.embed("the cat sat on a mat", { pooling: "cls", normalize: true, maxLength: 4 });
    expect([...(await loaded.embed("the cat sat on a mat"))]).toEqual([...want]);
    await loaded.save(`${folder}-copy`);
    const copy = await RoFormer.load(`${folder}-copy`);
    expect([...(await copy.embed("the cat sat on a mat"))]).toEqual([...want]);
    for (const one of [loaded, copy]) one.close();
  });

  it.each([
    [["a", 3], {}, DataError, /embed: texts\[1\] is number/],
    [["a"], { pooling: "median" }, ConfigError, /pooling is "median", not one or several of cls, max, mean, .*pooler/],
    [["a"], { pooling: [] }, ConfigError, /pooling is \[\], not one or several/],
    [["a"], { truncateDim: 0 }, ConfigError, /truncateDim is 0, not a whole number from 1/],
    [["a"], { prompt: 3 }, ConfigError, /prompt is 3, not a text/],
    [["a"], { promptName: "query" }, ConfigError, /promptName is "query"; the model has no prompts/],
    [["a"], { batchTokens: 0 }, ConfigError, /batchTokens is 0/],
  ] as const)("%j with %j is refused", async (texts, options, kind, message) => {
    await expect(model.embed(texts as never, options as never)).rejects.toThrow(message);
    await expect(model.embed(texts as never, options as never)).rejects.toThrow(kind);
  });

  it("stops when it is aborted, and tells how far it is", async () => {
    const stop = new AbortController();
    const heard: number[] = [];
    const onProgress = ({ done }: { done: number }) => {
      heard.push(done);
      stop.abort();
    };
    const running = model.embed(TEXTS, { batchTokens: 1, signal: stop.signal, onProgress });
    await expect(running).rejects.toMatchObject({ code: "ABORT_ERROR" });
    expect(heard).toEqual([1]);
  });
});

describe("search", () => {
  it("finds the likest by the cosine, of texts and of vectors that were made before", async () => {
    const vectors = await model.embed(TEXTS);
    const query = await model.embed("the dog sat");
    const cosine = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b);
    const want = vectors.map((vector, index) => ({ index, score: cosine(vector, query) }));
    want.sort((a, b) => b.score - a.score);
    for (const texts of [TEXTS, vectors]) {
      const hits = await model.search("the dog sat", texts as string[], { topK: 3 });
      expect(hits.map(({ index }) => index)).toEqual(want.slice(0, 3).map(({ index }) => index));
      for (const [i, { score }] of hits.entries()) expect(Math.abs(score - want[i]!.score)).toBeLessThan(1e-6);
    }
    expect(await model.search(["who", "a mat"], TEXTS, { topK: 99 })).toMatchObject([{ length: 5 }, { length: 5 }]);
    expect(await model.search("who", [])).toEqual([]);
    await expect(model.search("who", [new Float32Array(16).fill(Number.NaN)])).rejects.toThrow(/vector 0 holds NaN/);
    await expect(model.search("who", [new Float32Array(3)])).rejects.toThrow(/vector 0.*3.*16 numbers/);
  });
});
