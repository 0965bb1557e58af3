import { ConfigError } from "../../errors.js";
import { trim, words } from "../words.js";

/**
 * A tokenizer of sacrebleu: mteval-v13a ("13a"), mteval-v14 for all scripts ("intl"), Chinese
 * characters one by one ("zh"), every character by itself ("char"), or split at spaces ("none").
 */
export type BleuTokenizer = "13a" | "intl" | "zh" | "char" | "none";

/** Sacrebleu's tokenizers (sacrebleu 2.6, `sacrebleu/tokenizers`), each returning words separated by spaces. */
const tokenizers = {
  "13a": mteval13a,
  intl: international,
  zh: chinese,
  char: characters,
  none: (line: string) => line,
} satisfies Record<BleuTokenizer, (line: string) => string>;

/** Sacrebleu's tokenizers that need more than rules. */
const OTHERS: Readonly<Record<string, string>> = {
  ...{ "ja-mecab": "MeCab and a dictionary", "ko-mecab": "MeCab and a dictionary" },
  ...{ spm: "a SentencePiece model", flores101: "a SentencePiece model", flores200: "a SentencePiece model" },
  "spBLEU-1K": "a SentencePiece model",
};

/** A tokenizer by its name. Errors: ConfigError for an unknown one and for those that need a model or a dictionary. */
export function tokenizerOf(where: string, name: BleuTokenizer): (line: string) => string {
  if (Object.hasOwn(tokenizers, name)) return tokenizers[name];
  const known = `one of ${Object.keys(tokenizers).join(", ")}`;
  if (Object.hasOwn(OTHERS, name))
    throw new ConfigError(`${where}: tokenize is ${name}, which needs ${OTHERS[name]}; expected ${known}`);
  throw new ConfigError(`${where}: tokenize is ${name}, not ${known}`);
}

/** mteval-v13a, the default: resolves entities, splits off ASCII punctuation except inside numbers. */
function mteval13a(line: string): string {
  let text = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (text.includes("&")) {
    text = text.replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  }
  return western(` ${text} `);
}

/** mteval-v14: splits off punctuation of all scripts except between numbers, and all symbols. */
function international(line: string): string {
  const cut = line
    .replace(/(\P{N})(\p{P})/gu, "$1 $2 ")
    .replace(/(\p{P})(\P{N})/gu, " $1 $2")
    .replace(/(\p{S})/gu, " $1 ");
  return words(cut).join(" ");
}

/**
 * Characters of Chinese and of these blocks are words; the rest is split as in `13a`. The reference writes the two
 * blocks beyond U+FFFF as "\u20000" and "\u2f800", which Python reads as four digits and a "0": it has U+2001–2A6D and
 * U+2F81–2FA1 instead, quotation marks and dashes among them, and so must this list.
 */
const CHINESE = new RegExp(
  "[\u3400-\u4db5\u4e00-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\u2001-\u2a6d\u2f81-\u2fa1\uff00-\uffef\u2e80-\u2eff\u3000-\u303f" +
    "\u31c0-\u31ef\u2f00-\u2fdf\u2ff0-\u2fff\u3100-\u312f\u31a0-\u31bf\ufe10-\ufe1f\ufe30-\ufe4f\u3200-\u33ff]",
  "gu",
);

function chinese(line: string): string {
  return western(trim(line).replace(CHINESE, " $& "));
}

/** Every character is a word. */
function characters(line: string): string {
  return [...line].join(" ");
}

/** Splits off punctuation except points and commas inside numbers. */
function western(line: string): string {
  const cut = line
    .replace(/([{-~[-` -&(-+:-@/])/g, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/g, "$1 $2 ");
  return words(cut).join(" ");
}
