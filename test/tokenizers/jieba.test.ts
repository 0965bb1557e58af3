import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { Tokenizer } from "../../ts/tokenizers/tokenizer.js";
import { filesOf, sameIds } from "./small.js";

const SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const WORDS = [...SPECIALS, ..."今天气非常好,a", "天气", "非常", "##b"];
const CHARACTERS = [...SPECIALS, ..."今天气非常好,a", "##b"];
const lines = (tokens: readonly string[]) => tokens.map((token) => `${token}\n`).join("");
const named = (contents: object) => Tokenizer.load(filesOf({ "vocab.txt": lines(WORDS), ...contents }));
const pieces = (tokenizer: Tokenizer, text = "今天天气非常好,AB") =>
  tokenizer.encode(text, { addSpecialTokens: false }).tokens.join(" ");

/** 天气 is an entry and stands in the text, but jieba cuts 今天天气. */
const CUT = "今 天 天 气 非常 好 , a ##b";
const NOT_CUT = "今 天 天 气 非 常 好 , a ##b";

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await named({ "tokenizer_config.json": { tokenizer_class: "RoFormerTokenizerFast" } });
});

test("jieba cuts for RoFormer's classes, wherever they are named", async () => {
  expect(pieces(tokenizer)).toBe(CUT);
  expect(pieces(await named({ "tokenizer_config.json": { tokenizer_class: "RoFormerTokenizer" } }))).toBe(CUT);
  expect(pieces(await named({ "config.json": { tokenizer_class: "RoFormerTokenizer" } }))).toBe(CUT);
  const own = {
    "tokenizer_config.json": { tokenizer_class: "BertTokenizer" },
    "config.json": { model_type: "roformer" },
  };
  expect(pieces(await named(own))).toBe(NOT_CUT);
});

test("a RoFormer without a named class has words if its vocabulary has", async () => {
  const config = { "config.json": { model_type: "roformer" } };
  expect(pieces(await named(config))).toBe(CUT);
  expect(pieces(await named({ ...config, "vocab.txt": lines(CHARACTERS) }))).toBe(NOT_CUT);
  expect(pieces(await named({ "config.json": { model_type: "bert" } }))).toBe(NOT_CUT);
  expect(pieces(await named({}))).toBe(NOT_CUT);
  const json = tokenizer.files().get("tokenizer.json")!;
  expect(pieces(await Tokenizer.load(filesOf({ ...config, "tokenizer.json": json })))).toBe(CUT);
});

test("what is saved is what transformers saves, and loads here as the same tokenizer", async () => {
  const files = tokenizer.files();
  const json = (name: string) => JSON.parse(new TextDecoder().decode(files.get(name)));
  expect(json("tokenizer.json").pre_tokenizer).toEqual({ type: "BertPreTokenizer" });
  expect(json("tokenizer.json").normalizer.handle_chinese_chars).toBe(false);
  expect(json("tokenizer_config.json")).toMatchObject({
    tokenizer_class: "RoFormerTokenizerFast",
    do_lower_case: true,
    tokenize_chinese_chars: true,
  });
  const again = await Tokenizer.load(filesOf(Object.fromEntries(files)));
  expect(pieces(again)).toBe(CUT);
  // Of a file that names BERT's pre-tokenizer alone, transformers too makes BERT's tokenizer, without setting apart.
  const alone = await Tokenizer.load(filesOf({ "tokenizer.json": files.get("tokenizer.json")! }));
  expect(pieces(alone)).toBe("[UNK] , a ##b");
});

test("the configuration's case holds where tokenizer.json has another", async () => {
  const config = { tokenizer_class: "RoFormerTokenizer", do_lower_case: false };
  const files = { "tokenizer.json": tokenizer.files().get("tokenizer.json")!, "tokenizer_config.json": config };
  expect(pieces(await Tokenizer.load(filesOf(files)))).toBe("今 天 天 气 非常 好 , [UNK]");
});

test("any text has places in order, and in a batch the same ids", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "今天",
      "天气",
      "非常",
      "，",
      " ",
      "\u3000",
      "\u00ad",
      "e\u0301",
      "[MASK]",
      "😀",
      "\ud83d",
      "C++",
      "3.14%",
    ),
    fc.string({ unit: "binary" }),
  );
  const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (given) => {
      const { ids, offsets } = tokenizer.encode(given);
      expect(sameIds(tokenizer.encodeBatch([given]), 0)).toEqual(ids);
      let last = 0;
      for (const [begin, end] of offsets.slice(1, -1)) {
        expect(begin).toBeGreaterThanOrEqual(last);
        expect(end).toBeGreaterThanOrEqual(begin);
        expect(end).toBeLessThanOrEqual(given.length);
        last = begin;
      }
    }),
    { numRuns: 300, seed: 5 },
  );
});

test("a long text without an end of a block is cut as its parts are", () => {
  const part = tokenizer.encode("今天天气非常好", { addSpecialTokens: false }).ids;
  const text = "今天天气非常好".repeat(12_000);
  const want = Array.from({ length: 12_000 }, () => part).flat();
  expect(tokenizer.encode(text, { addSpecialTokens: false }).ids).toEqual(want);
  expect(sameIds(tokenizer.encodeBatch([text], { addSpecialTokens: false }), 0)).toEqual(want);
});
