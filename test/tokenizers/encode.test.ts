import { beforeAll, expect, test } from "vitest";
import { ConfigError, DataError, ShapeError } from "../../ts/errors.js";
import { Tokenizer } from "../../ts/tokenizers/tokenizer.js";
import { filesOf, sameIds, smallBert, smallJson } from "./small.js";

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await Tokenizer.load(smallBert());
});

const NINE = "a b c a b c a b c";

test("offsets count UTF-16 units of the text that a piece is of", () => {
  const { tokens, offsets } = tokenizer.encode("😀 café\u0301 x", { pair: "é b", addSpecialTokens: false });
  expect(tokens).toEqual(["[UNK]", "cafe", "[UNK]", "[UNK]", "b"]);
  expect(offsets).toEqual([
    [0, 2],
    [3, 7],
    [9, 10],
    [0, 1],
    [2, 3],
  ]);
});

test("a lone surrogate reads as U+FFFD, at the end of a text of a batch too", () => {
  expect(tokenizer.encode("a \ud83d").ids).toEqual(tokenizer.encode("a \ufffd").ids);
  const { ids, offsets } = tokenizer.encodeBatch(["a\ud83d", "\ude00b"]);
  expect(sameIds({ ids, offsets }, 0)).toEqual(tokenizer.encode("a").ids);
  expect(sameIds({ ids, offsets }, 1)).toEqual(tokenizer.encode("b").ids);
});

test("special tokens that were added are marked, words counted, texts told apart", () => {
  const encoding = tokenizer.encode("a cafefe [SEP]", { pair: "b b", maxLength: 10, padding: "max_length" });
  expect(encoding.tokens.join(" ")).toBe("[CLS] a cafe ##fe [SEP] [SEP] b b [SEP] [PAD]");
  expect(encoding.specialTokensMask).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 1, 1]);
  expect(encoding.sequenceIds).toEqual([null, 0, 0, 0, 0, null, 1, 1, null, null]);
  expect(encoding.wordIds).toEqual([null, 0, 1, 1, 2, null, 0, 1, null, null]);
});

test("tokens are joined by the decoder, or by spaces", async () => {
  expect(tokenizer.convertTokensToString(["cafe", "##fe", "zoë", "[SEP]", "."])).toBe("cafefe zoë [SEP].");
  const plain = await Tokenizer.load(filesOf({ "tokenizer.json": smallJson() }));
  expect(plain.convertTokensToString(["cafe", "##fe", "b"])).toBe("cafe ##fe b");
  expect(plain.convertTokensToString([])).toBe("");
});

test("windows share `stride` pieces and cover the text", () => {
  const { tokens, overflow } = tokenizer.encode(NINE, { maxLength: 6, truncation: true, stride: 1 });
  expect(tokens).toEqual(["[CLS]", "a", "b", "c", "a", "[SEP]"]);
  expect(overflow?.map((window) => window.tokens.slice(1, -1).join(""))).toEqual(["abca", "abc"]);
  expect(overflow?.[0]?.offsets[1]).toEqual([6, 7]);
});

test("without `stride` there is no overflow, with it there always is", () => {
  expect(tokenizer.encode(NINE, { maxLength: 6, truncation: true }).overflow).toBeUndefined();
  expect(tokenizer.encode("a", { maxLength: 6, truncation: true, stride: 1 }).overflow).toEqual([]);
});

test("of a pair, the longer text is cut first, then both to halves", () => {
  const cut = (text: string, pair: string, maxLength: number) =>
    tokenizer.encode(text, { pair, maxLength, truncation: "longest_first" }).tokens.join(" ");
  expect(cut(NINE, "b", 8)).toBe("[CLS] a b c a [SEP] b [SEP]");
  expect(cut(NINE, NINE, 8)).toBe("[CLS] a b [SEP] a b c [SEP]");
  expect(cut("b", NINE, 8)).toBe("[CLS] b [SEP] a b c a [SEP]");
});

test("padding fills up with the padding token, whose mask is 0", () => {
  const { tokens, attentionMask, offsets } = tokenizer.encode("a", { maxLength: 5, padding: "max_length" });
  expect(tokens).toEqual(["[CLS]", "a", "[SEP]", "[PAD]", "[PAD]"]);
  expect(attentionMask).toEqual([1, 1, 1, 0, 0]);
  expect(offsets[4]).toEqual([0, 0]);
});

test("sides of padding and truncation are those of tokenizer_config.json", async () => {
  const left = await Tokenizer.load(smallBert({ padding_side: "left", truncation_side: "left" }));
  expect(left.encode("a", { maxLength: 4, padding: "max_length" }).tokens[0]).toBe("[PAD]");
  expect(left.encode(NINE, { maxLength: 4, truncation: true }).tokens).toEqual(["[CLS]", "b", "c", "[SEP]"]);
  const batch = left.encodeBatch([NINE], { maxLength: 4, truncation: true });
  expect(sameIds(batch, 0)).toEqual(left.encode(NINE, { maxLength: 4, truncation: true }).ids);
});

test("a long pair is cut without making the windows that nobody asked for", () => {
  const long = "a b c ".repeat(20_000);
  const started = process.memoryUsage().rss;
  const { ids } = tokenizer.encode(long, { pair: long, maxLength: 8, truncation: true });
  expect(ids).toHaveLength(8);
  expect(process.memoryUsage().rss - started).toBeLessThan(200e6);
});

test("options that cannot be met are named", () => {
  const encode = (options: object) => () => tokenizer.encode(NINE, options);
  expect(encode({ maxLength: -1, truncation: true })).toThrow(
    new ConfigError("encode: maxLength is -1, not a whole number from 0"),
  );
  expect(encode({ truncation: "longest" })).toThrow(ConfigError);
  expect(encode({ truncation: true })).toThrow(new ConfigError("encode: truncation needs maxLength"));
  expect(encode({ padding: "max_length", maxLength: 2 ** 40 })).toThrow(ConfigError);
  expect(encode({ maxLength: 1, truncation: true })).toThrow(
    new DataError("encode: maxLength is 1, and 2 special tokens are to be added"),
  );
  expect(encode({ maxLength: 5, truncation: true, stride: 3 })).toThrow(
    /stride is 3, not less than the window of 3 pieces/,
  );
  expect(encode({ pair: NINE, maxLength: 8, truncation: true, stride: 2 })).toThrow(/stride is 2/);
  expect(encode({ maxLength: 4, truncation: "only_second" })).toThrow(/no second text/);
  expect(() => tokenizer.encode(undefined as unknown as string)).toThrow(ShapeError);
  expect(() => tokenizer.encodeBatch(["a"], { pairs: [] })).toThrow(ShapeError);
  expect(() => tokenizer.decode([1, -1])).toThrow(new ShapeError("decode: ids[1]", -1, "the id of a token"));
});

test("a batch keeps its order over many calls of the module", () => {
  const texts = Array.from({ length: 10_000 }, (_, i) => (i % 3 === 0 ? "a b" : i % 3 === 1 ? "" : "c"));
  const batch = tokenizer.encodeBatch(texts, { addSpecialTokens: false });
  expect(batch.offsets).toHaveLength(10_001);
  expect([9997, 9998, 9999].map((i) => sameIds(batch, i))).toEqual([
    [],
    tokenizer.encode("c").ids.slice(1, -1),
    tokenizer.encode("a b").ids.slice(1, -1),
  ]);
  expect(tokenizer.encodeBatch([])).toEqual({
    ids: new Int32Array(0),
    typeIds: new Uint8Array(0),
    offsets: new Int32Array(1),
  });
});

test("ids of special tokens, tokens by id and ids by token", () => {
  const { padTokenId, unkTokenId, clsTokenId, sepTokenId, maskTokenId, bosTokenId, vocabSize } = tokenizer;
  expect([padTokenId, unkTokenId, clsTokenId, sepTokenId, maskTokenId]).toEqual([0, 1, 2, 3, 4]);
  expect([bosTokenId, vocabSize]).toEqual([undefined, 10]);
  expect([tokenizer.idToToken(5), tokenizer.tokenToId("b"), tokenizer.idToToken(99)]).toEqual(["a", 6, undefined]);
  expect([...tokenizer.getVocab().keys()].slice(0, 3)).toEqual(["[PAD]", "[UNK]", "[CLS]"]);
});
