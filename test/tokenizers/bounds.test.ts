import { expect, test } from "vitest";
import { DataError } from "../../ts/errors.js";
import { Tokenizer } from "../../ts/tokenizers/tokenizer.js";
import { filesOf, SMALL_VOCABULARY, smallJson } from "./small.js";

const load = (changes: object) => Tokenizer.load(filesOf({ "tokenizer.json": smallJson(changes) }));
const { model } = smallJson() as { model: object };
const hundred = (pattern: object = { String: "a" }) => ({ type: "Replace", pattern, content: "a".repeat(100) });
const normalizer = (times: number, pattern?: object) => ({
  type: "Sequence",
  normalizers: Array.from({ length: times }, () => hundred(pattern)),
});

/** Megabytes that the process grows by while `body` runs. */
async function growth(body: () => unknown): Promise<number> {
  const before = process.memoryUsage().rss;
  await body();
  return (process.memoryUsage().rss - before) / 1e6;
}

test("an id far beyond the vocabulary is refused by the token's name, a near one is kept", async () => {
  const vocab = Object.fromEntries(SMALL_VOCABULARY.map((token, id) => [token, id]));
  const far = load({ model: { ...model, vocab: { ...vocab, "[MASK]": 10_000_000 } } });
  await expect(far).rejects.toThrow(DataError);
  await expect(far).rejects.toThrow('tokenizer.json: the token "[MASK]" has the id 10000000, not one below 8202');
  const near = await load({ model: { ...model, vocab: { ...vocab, reserved: 500 } } });
  expect([near.tokenToId("reserved"), near.vocabSize]).toEqual([500, 501]);
  const lines = new TextDecoder().decode(near.files().get("vocab.txt")).split("\n");
  expect([lines[9], lines[500], lines.length]).toEqual(["##fe", "reserved", 502]);
});

test.each([
  ["strings", normalizer(5)],
  ["matches of an expression", normalizer(5, { Regex: "." })],
  ["places between characters", normalizer(5, { String: "" })],
])("a normalizer that multiplies %s without end is refused at load", async (_, normalizer) => {
  const megabytes = await growth(async () => {
    await expect(load({ normalizer })).rejects.toThrow(DataError);
    await expect(load({ normalizer })).rejects.toThrow(/^tokenizer.json: replacing may make a text 1\S+ times as long/);
  });
  expect(megabytes).toBeLessThan(300);
});

test("a text that a normalizer makes too long is refused, others are not", async () => {
  const tokenizer = await load({ normalizer: normalizer(2) });
  expect(tokenizer.encode("aa b").tokens).toEqual(["[UNK]", "b"]);
  const megabytes = await growth(() => {
    expect(() => tokenizer.encode("a".repeat(100_000))).toThrow(DataError);
    expect(() => tokenizer.encode("b", { pair: "a".repeat(100_000) })).toThrow(
      "encode: replacing makes 100000 bytes of text longer than 16777216 bytes",
    );
    expect(() => tokenizer.encodeBatch(["b", "a".repeat(100_000)])).toThrow(/^encodeBatch: texts\[1\]: replacing/);
  });
  expect(megabytes).toBeLessThan(500);
  expect(tokenizer.encode("b ".repeat(100_000)).ids).toHaveLength(100_000);
});

test("marks for spaces, three bytes for one, are no reason to refuse a long text", async () => {
  const marks = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const tokenizer = await load({ normalizer: marks });
  expect(tokenizer.encodeBatch([`a${" ".repeat(8_000_000)}`]).ids).toHaveLength(1);
});

test("a decoder that multiplies is refused too, at load or with the text", async () => {
  const decoder = (times: number) => ({ type: "Sequence", decoders: Array.from({ length: times }, () => hundred()) });
  await expect(load({ decoder: decoder(5) })).rejects.toThrow(/^tokenizer.json: replacing may make/);
  const tokenizer = await load({ decoder: decoder(2) });
  expect(tokenizer.decode([5])).toHaveLength(10_000);
  expect(() => tokenizer.decode(Array(5000).fill(5))).toThrow("decode: replacing makes 5000 bytes of text longer");
});

test("words without end and templates of very many tokens are refused, deep nesting too", async () => {
  await expect(load({ model: { ...model, max_input_chars_per_word: 1e9 } })).rejects.toThrow(
    "tokenizer.json: max_input_chars_per_word is 1000000000, not at most 1024",
  );
  const single = [
    ...Array(2000).fill({ SpecialToken: { id: "[CLS]", type_id: 0 } }),
    { Sequence: { id: "A", type_id: 0 } },
  ];
  const pair = [...single, { Sequence: { id: "B", type_id: 0 } }];
  const special_tokens = { "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] } };
  await expect(load({ post_processor: { type: "TemplateProcessing", single, pair, special_tokens } })).rejects.toThrow(
    "tokenizer.json: post_processor adds 2000 tokens to a pair of texts, not at most 1024",
  );
  const nested = '{"type":"Sequence","normalizers":['.repeat(100_000) + "]}".repeat(100_000);
  const text = JSON.stringify(smallJson()).replace('"normalizer":null', `"normalizer":${nested}`);
  await expect(Tokenizer.load(filesOf({ "tokenizer.json": text }))).rejects.toThrow(/^tokenizer.json: recursion limit/);
});

test("byte-level BPE begins with a space where the settings say so, not where tokenizer.json does", async () => {
  const level = { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true };
  const bpe = { type: "BPE", vocab: { a: 0, Ġ: 1 }, merges: [] };
  const open = (settings: object) =>
    Tokenizer.load(
      filesOf({ "tokenizer.json": smallJson({ pre_tokenizer: level, model: bpe }), "tokenizer_config.json": settings }),
    );
  const fast = { tokenizer_class: "PreTrainedTokenizerFast" };
  expect((await open(fast)).encode("a").tokens).toEqual(["a"]);
  const spaced = await open({ ...fast, add_prefix_space: true });
  expect(spaced.encode("a").tokens).toEqual(["Ġ", "a"]);
  const again = await Tokenizer.load(filesOf(Object.fromEntries(spaced.files())));
  expect(again.encode("a").tokens).toEqual(["Ġ", "a"]);
});
