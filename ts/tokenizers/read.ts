import { DataError } from "../errors.js";
import { type FileSource, type Files, fileName, openFiles } from "../io/files.js";
import { platform } from "../platform/index.js";
import type { Glue, Handle } from "./native.js";
import { namedSpecials, type SpecialTokens, type TokenizerConfig } from "./specials.js";

/** A tokenizer's files, read and not yet opened. */
export interface Recipe {
  /** What messages call the file. */
  readonly file: string;
  /** Opens it in the module; may be called again after a trap. */
  readonly open: (glue: Glue) => Handle;
  readonly config: TokenizerConfig;
  /** The special tokens that the files name. */
  readonly specials: SpecialTokens;
  /** Whether decoded text is cleaned up if the configuration does not say. */
  readonly cleanUp: boolean;
}

/** Reads one kind of tokenizer from a folder. */
type Reader = (files: Files, file: string, config: TokenizerConfig, specials: SpecialTokens) => Promise<Recipe>;

const [CONFIG, MAP, JSON_FILE, VOCABULARY] = [
  "tokenizer_config.json",
  "special_tokens_map.json",
  "tokenizer.json",
  "vocab.txt",
];

/** Classes of transformers that `vocab.txt` alone makes: BERT's, under its heirs' names. */
const BERT = /^(Bert|DistilBert|Electra|MobileBert|ConvBert|SqueezeBert|PreTrained)Tokenizer(Fast)?$/;

/** Readers of the classes whose files do not say all; `tokenizer.json` of such a class is not enough. */
const READERS: Readonly<Record<string, Reader>> = {
  RoFormerTokenizer: refuse,
  RoFormerTokenizerFast: refuse,
};

/**
 * Reads a folder, a `vocab.txt`, a `tokenizer.json` or files by name. A `tokenizer_config.json` and a
 * `special_tokens_map.json` beside count. Errors: DataError naming the file, and the line where there is one.
 */
export async function readTokenizer(source: FileSource): Promise<Recipe> {
  const { files, named } = await locate(source);
  const config = await readConfig(files, CONFIG);
  const specials = {
    ...namedSpecials(await readConfig(files, MAP), fileName(files, MAP)),
    ...namedSpecials(config, fileName(files, CONFIG)),
  };
  if (named !== undefined) return (named.endsWith(".txt") ? readVocabulary : readJson)(files, named, config, specials);
  const reader = typeof config.tokenizer_class === "string" ? READERS[config.tokenizer_class] : undefined;
  if (reader) return reader(files, CONFIG, config, specials);
  if (await files.has(JSON_FILE)) return readJson(files, JSON_FILE, config, specials);
  if (await files.has(VOCABULARY)) return readVocabulary(files, VOCABULARY, config, specials);
  throw new DataError(`${files.name || "the files given"}: there is neither ${JSON_FILE} nor ${VOCABULARY}`);
}

/** A path to a file is that file in its folder. */
async function locate(source: FileSource): Promise<{ files: Files; named?: string }> {
  if (typeof source !== "string" || !platform.isNode || (await platform.fileSize(source)) === undefined) {
    return { files: openFiles(source) };
  }
  const cut = Math.max(source.lastIndexOf("/"), source.lastIndexOf("\\"));
  return { files: openFiles(cut < 0 ? "." : source.slice(0, cut) || "/"), named: source.slice(cut + 1) };
}

async function readJson(files: Files, name: string, config: TokenizerConfig, specials: SpecialTokens): Promise<Recipe> {
  const file = fileName(files, name);
  const text = decodeText(await files.read(name), file);
  return { file, config, specials, cleanUp: false, open: (glue) => glue.Handle.fromJson(text) };
}

async function readVocabulary(
  files: Files,
  name: string,
  config: TokenizerConfig,
  specials: SpecialTokens,
): Promise<Recipe> {
  const file = fileName(files, name);
  const from = fileName(files, CONFIG);
  const { tokenizer_class = "BertTokenizer" } = config;
  if (typeof tokenizer_class !== "string" || !BERT.test(tokenizer_class)) {
    throw new DataError(`${from}: tokenizer_class is ${JSON.stringify(tokenizer_class)}, which ${name} does not make`);
  }
  const lowercase = flag(config, "do_lower_case", from) ?? true;
  const stripAccents = flag(config, "strip_accents", from);
  const chineseChars = flag(config, "tokenize_chinese_chars", from) ?? true;
  const named = { unk: "[UNK]", cls: "[CLS]", sep: "[SEP]", pad: "[PAD]", mask: "[MASK]", ...specials };
  const text = decodeText(await files.read(name), file);
  if (text === "") throw new DataError(`${file}: is empty`);
  const accents = stripAccents === undefined ? 2 : Number(stripAccents);
  const roles = [named.unk, named.cls, named.sep, named.pad, named.mask];
  return {
    file,
    config,
    specials: named,
    cleanUp: true,
    open: (glue) => glue.Handle.fromVocabulary(text, lowercase, accents, chineseChars, roles),
  };
}

async function refuse(files: Files, name: string, config: TokenizerConfig): Promise<never> {
  const file = fileName(files, name);
  throw new DataError(`${file}: tokenizer_class is ${config.tokenizer_class}, whose Chinese words are not supported`);
}

async function readConfig(files: Files, name: string): Promise<TokenizerConfig> {
  if (!(await files.has(name))) return {};
  const file = fileName(files, name);
  const text = decodeText(await files.read(name), file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${file}: is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DataError(`${file}: holds ${Array.isArray(value) ? "an array" : JSON.stringify(value)}, not an object`);
  }
  return value as TokenizerConfig;
}

function flag(config: TokenizerConfig, name: string, file: string): boolean | undefined {
  const value = config[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean")
    throw new DataError(`${file}: ${name} is ${JSON.stringify(value)}, not true or false`);
  return value;
}

/** UTF-8 without its byte-order mark. Errors: DataError naming the first line that is no text. */
function decodeText(bytes: Uint8Array, file: string): string {
  const nul = bytes.indexOf(0);
  if (nul >= 0) throw new DataError(`${file}: line ${lineAt(bytes, nul)} holds a zero byte: this is no text`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DataError(`${file}: line ${firstBadLine(bytes)} is no UTF-8`, { cause: error });
  }
}

const NEWLINE = 10;

function lineAt(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (let i = 0; i < at; i++) if (bytes[i] === NEWLINE) line++;
  return line;
}

function firstBadLine(bytes: Uint8Array): number {
  for (let line = 1, at = 0; ; line++) {
    const end = bytes.indexOf(NEWLINE, at);
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at, end < 0 ? bytes.length : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    at = end + 1;
  }
}
