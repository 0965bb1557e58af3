import { expect, test } from "vitest";
import { DataError } from "../../ts/errors.js";
import { Tokenizer } from "../../ts/tokenizers/tokenizer.js";
import { filesOf, SMALL_VOCABULARY, smallBert, smallJson } from "./small.js";

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? Array.from(new TextEncoder().encode(part)) : part)),
  );
const refused = (contents: Parameters<typeof filesOf>[0]) =>
  Tokenizer.load(filesOf(contents)).then(
    () => "loads",
    (error: Error) => (error instanceof DataError ? error.message : `${error.name}: ${error.message}`),
  );
const vocabulary = SMALL_VOCABULARY.join("\n");

test("a byte-order mark, CR LF and a last line without end are no part of a token", async () => {
  for (const text of [`\ufeff${vocabulary}\n`, `${SMALL_VOCABULARY.join("\r\n")}\r\n`, vocabulary]) {
    const tokenizer = await Tokenizer.load(filesOf({ "vocab.txt": text }));
    expect(tokenizer.encode("A cafe").ids).toEqual([2, 5, 8, 3]);
    expect(tokenizer.vocabSize).toBe(10);
  }
});

test("of a line that stands twice the later counts, and no id moves", async () => {
  const tokenizer = await Tokenizer.load(filesOf({ "vocab.txt": `${vocabulary}\na\nnew\n` }));
  expect([tokenizer.tokenToId("a"), tokenizer.tokenToId("new"), tokenizer.vocabSize]).toEqual([10, 11, 12]);
  const lines = new TextDecoder().decode(tokenizer.files().get("vocab.txt")).split("\n");
  expect([lines[10], lines[11]]).toEqual(["a", "new"]);
});

test("a vocab.txt that is none is refused, with file and line", async () => {
  expect(await refused({ "vocab.txt": "" })).toBe("vocab.txt: is empty");
  expect(await refused({ "vocab.txt": bytes("a\nb\n", [0xc3, 0x28], "\n") })).toBe("vocab.txt: line 3 is not UTF-8");
  expect(await refused({ "vocab.txt": bytes("a\n", [0, 1, 2]) })).toBe(
    "vocab.txt: line 2 holds a zero byte: the file is not text",
  );
  expect(await refused({ "vocab.txt": "a\nb\n" })).toBe("vocab.txt: [UNK] is missing");
});

test("a tokenizer.json that is none is refused, with file and line", async () => {
  expect(await refused({ "tokenizer.json": "{\n1" })).toMatch(/^tokenizer.json: .* at line 2 column 1$/);
  expect(await refused({ "tokenizer.json": [] })).toMatch(/^tokenizer.json: invalid type: sequence/);
  expect(await refused({ "tokenizer.json": smallJson({ model: { type: "Nonsense" } }) })).toMatch(/^tokenizer.json: /);
  const far = { type: "WordLevel", vocab: { a: 4294967294 }, unk_token: "a" };
  expect(await refused({ "tokenizer.json": smallJson({ model: far }) })).toBe(
    'tokenizer.json: the token "a" has the id 4294967294, not one below 8193 (1 tokens + 8192)',
  );
});

test("a file that makes the module trap is refused, and other tokenizers live on", async () => {
  const before = await Tokenizer.load(smallBert());
  const ids = before.encode("a b").ids;
  const charsmap = { type: "Precompiled", precompiled_charsmap: "AAAA" };
  expect(await refused({ "tokenizer.json": smallJson({ normalizer: charsmap }) })).toMatch(/^tokenizer.json: /);
  const deep = { type: "Split", pattern: { Regex: "(".repeat(200_000) }, behavior: "Isolated", invert: false };
  expect(await refused({ "tokenizer.json": smallJson({ pre_tokenizer: deep }) })).toMatch(/^tokenizer.json: /);
  expect(before.encode("a b").ids).toEqual(ids);
  expect(Array.from(before.encodeBatch(["a b"]).ids)).toEqual(ids);
  expect(before.encode("a", { maxLength: 4, padding: "max_length" }).tokens.at(-1)).toBe("[PAD]");
});

test("a template of special tokens that it does not define is refused", async () => {
  const single = [{ SpecialToken: { id: "[X]", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
  const template = { type: "TemplateProcessing", single, pair: single, special_tokens: {} };
  expect(await refused({ "tokenizer.json": smallJson({ post_processor: template }) })).toMatch(/^tokenizer.json: /);
});

test("a word that cannot be spelt where there is no [UNK] is an error, not a crash", async () => {
  const model = {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 9,
    vocab: { a: 0 },
  };
  const tokenizer = await Tokenizer.load(filesOf({ "tokenizer.json": smallJson({ model }) }));
  expect(tokenizer.encode("a a").ids).toEqual([0, 0]);
  expect(() => tokenizer.encode("a b")).toThrow(/^encode: .*\[UNK\]/);
  expect(() => tokenizer.encodeBatch(["a", "b"])).toThrow(/^encodeBatch: texts\[1\]: .*\[UNK\]/);
});

test("tokenizer_config.json is checked, and read for case, accents and special tokens", async () => {
  const config = (value: string | object) => refused({ "vocab.txt": vocabulary, "tokenizer_config.json": value });
  expect(await config("{")).toMatch(/^tokenizer_config.json is not JSON: /);
  expect(await config([])).toBe("tokenizer_config.json is a list, not an object");
  expect(await config({ do_lower_case: "yes" })).toBe(
    'tokenizer_config.json: do_lower_case is "yes", not true or false',
  );
  expect(await config({ pad_token: 3 })).toBe("tokenizer_config.json: pad_token is 3, not a token");
  expect(await config({ tokenizer_class: "XLNetTokenizer" })).toMatch(/tokenizer_class is "XLNetTokenizer"/);
  expect(await config({ tokenizer_class: 3 })).toBe(
    "tokenizer_config.json: tokenizer_class is 3, not the name of a class",
  );
  const cased = await Tokenizer.load(smallBert({ do_lower_case: false, pad_token: { content: "c" } }));
  expect([cased.encode("A").ids[1], cased.padTokenId]).toEqual([1, 7]);
});

test("names in files do not reach Object.prototype", async () => {
  const vocab = JSON.parse('{"[UNK]": 0, "__proto__": 1, "constructor": 2}');
  const model = { ...(smallJson() as { model: object }).model, vocab };
  const config = JSON.parse('{"__proto__": {"unk_token": "x"}}');
  const tokenizer = await Tokenizer.load(
    filesOf({ "tokenizer.json": smallJson({ model }), "tokenizer_config.json": config }),
  );
  expect([tokenizer.tokenToId("__proto__"), tokenizer.tokenToId("toString")]).toEqual([1, undefined]);
  expect(({} as Record<string, unknown>).unk_token).toBeUndefined();
});

test("nothing to load is named", async () => {
  expect(await refused({ "vocab.json": {}, "merges.txt": "" })).toBe(
    "the files given: vocab.json and merges.txt are not enough: transformers' save_pretrained makes a tokenizer.json",
  );
  expect(await refused({})).toBe("the files given: there is neither tokenizer.json nor vocab.txt");
  await expect(Tokenizer.load("/nowhere/at/all")).rejects.toThrow(
    "/nowhere/at/all: there is neither tokenizer.json nor vocab.txt",
  );
});

test("saved files are what transformers' BertTokenizerFast reads", async () => {
  const tokenizer = await Tokenizer.load(smallBert({ do_lower_case: false, model_max_length: 99, unknown_field: [1] }));
  const text = (name: string) => new TextDecoder().decode(tokenizer.files().get(name));
  expect([...tokenizer.files().keys()]).toEqual([
    "tokenizer.json",
    "vocab.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
  ]);
  expect(text("vocab.txt")).toBe(`${vocabulary}\n`);
  expect(JSON.parse(text("tokenizer_config.json"))).toEqual({
    tokenizer_class: "BertTokenizer",
    do_lower_case: false,
    strip_accents: null,
    tokenize_chinese_chars: true,
    model_max_length: 99,
    clean_up_tokenization_spaces: true,
    unknown_field: [1],
    unk_token: "[UNK]",
    cls_token: "[CLS]",
    sep_token: "[SEP]",
    pad_token: "[PAD]",
    mask_token: "[MASK]",
  });
  const { truncation, padding, post_processor, added_tokens } = JSON.parse(text("tokenizer.json"));
  expect([truncation, padding, post_processor.type, added_tokens.length]).toEqual([
    null,
    null,
    "TemplateProcessing",
    5,
  ]);
});
