import { expect, test } from "vitest";
import { DataError } from "../../ts/errors.js";
import { Tokenizer } from "../../ts/tokenizers/tokenizer.js";
import { filesOf, SMALL_VOCABULARY, smallBert, smallJson } from "./small.js";

const vocab = { "vocab.txt": `${SMALL_VOCABULARY.join("\n")}\n` };
const tokens = (tokenizer: Tokenizer, text: string) => tokenizer.encode(text, { addSpecialTokens: false }).tokens;

test("added_tokens_decoder gives tokens beyond the vocabulary their ids", async () => {
  const decoder = {
    0: { content: "[PAD]", special: true, normalized: false, lstrip: false, rstrip: false, single_word: false },
    10: { content: "[ENT]", special: true },
    11: { content: "new word", special: false },
  };
  const tokenizer = await Tokenizer.load(
    smallBert({ added_tokens_decoder: decoder, tokenizer_class: "DistilBertTokenizer" }),
  );
  expect(tokens(tokenizer, "a[ENT]b New Word c")).toEqual(["a", "[ENT]", "b", "new word", "c"]);
  expect([tokenizer.tokenToId("[ENT]"), tokenizer.vocabSize]).toEqual([10, 12]);
  expect(tokenizer.decode([5, 10, 11], { skipSpecialTokens: true })).toBe("a new word");
  const again = await Tokenizer.load(filesOf(Object.fromEntries(tokenizer.files())));
  expect(tokens(again, "a[ENT]b New Word c")).toEqual(["a", "[ENT]", "b", "new word", "c"]);
});

test("added_tokens.json and additional_special_tokens do so too", async () => {
  const files = { ...vocab, "added_tokens.json": { "[A]": 11, "[B]": 10 } };
  const map = { additional_special_tokens: ["[B]", { content: "[C]", lstrip: false }], pad_token: { content: "c" } };
  const tokenizer = await Tokenizer.load(filesOf({ ...files, "special_tokens_map.json": map }));
  expect(["[A]", "[B]", "[C]"].map((token) => tokenizer.tokenToId(token))).toEqual([11, 10, 12]);
  expect(tokenizer.decode([10, 11, 12, 5], { skipSpecialTokens: true })).toBe("[A] a");
  expect(tokenizer.padTokenId).toBe(7);
});

test("an added token that would get another id is refused, as is what is no token", async () => {
  const refused = (config: object) =>
    Tokenizer.load(smallBert(config)).then(
      () => "loads",
      (error: Error) => error,
    );
  const error = (await refused({ added_tokens_decoder: { 12: { content: "[ENT]" } } })) as Error;
  expect(error).toBeInstanceOf(DataError);
  expect(error.message).toMatch(/the added token "\[ENT\]" has the id 12, and the next free one is 10/);
  expect(await refused({ added_tokens_decoder: [] })).toEqual(
    new DataError("tokenizer_config.json: added_tokens_decoder is [], not an object"),
  );
  expect(await refused({ added_tokens_decoder: { x: "[ENT]" } })).toBeInstanceOf(DataError);
  expect(await refused({ added_tokens_decoder: { 10: { content: 3 } } })).toBeInstanceOf(DataError);
  expect(await refused({ additional_special_tokens: "[ENT]" })).toBeInstanceOf(DataError);
});

test("do_lower_case of a BERT's configuration holds where tokenizer.json has another, of other classes not", async () => {
  const normalizer = {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  };
  const load = (config: object) =>
    Tokenizer.load(filesOf({ "tokenizer.json": smallJson({ normalizer }), "tokenizer_config.json": config }));
  const cased = await load({ tokenizer_class: "BertTokenizer", do_lower_case: false });
  expect(tokens(cased, "A cafe")).toEqual(["[UNK]", "cafe"]);
  expect(tokens(await load({ tokenizer_class: "BertTokenizer" }), "A")).toEqual(["a"]);
  expect(tokens(await load({ tokenizer_class: "BertTokenizer", strip_accents: false }), "CAFÉ")).toEqual(["[UNK]"]);
  expect(tokens(await load({ tokenizer_class: "PreTrainedTokenizerFast", do_lower_case: false }), "A")).toEqual(["a"]);
});

test("a length of 1e30 is none, and a null is as absent", async () => {
  const tokenizer = await Tokenizer.load(
    smallBert({
      model_max_length: 1e30,
      strip_accents: null,
      tokenizer_class: null,
      added_tokens_decoder: null,
      mask_token: null,
    }),
  );
  expect(tokenizer.modelMaxLength).toBeUndefined();
  expect(tokens(tokenizer, "Café")).toEqual(["cafe"]);
});
