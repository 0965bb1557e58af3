import { DataError } from "../errors.js";
import { type FileSource, type Files, fileName, openFiles } from "../io/files.js";
import { platform } from "../platform/index.js";
import { addedTokens } from "./added.js";
import { cuttingWords, hasChineseWords, JIEBA } from "./jieba.js";
import type { Glue, Handle } from "./native.js";
import { namedSpecials, type SpecialTokens, type TokenizerConfig } from "./specials.js";

/** The name of a class, and the file that says so. */
interface Class {
  readonly name: string | undefined;
  readonly from: string;
}

/** What a reader makes a recipe of: the text of a file, and what stands beside it. */
interface Given extends Class {
  readonly file: string;
  readonly text: string;
  readonly config: TokenizerConfig;
  /** What messages call `config`'s file. */
  readonly settings: string;
  readonly specials: SpecialTokens;
}

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

const [CONFIG, MAP, ADDED, JSON_FILE, VOCABULARY, MODEL] = [
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "tokenizer.json",
  "vocab.txt",
  "config.json",
];

/** Classes of transformers that `vocab.txt` alone makes: BERT's, under its heirs' names. */
const BERT =
  /^(Bert|DistilBert|Electra|MobileBert|ConvBert|SqueezeBert|LayoutLM|Lxmert|RetriBert|DPR(ContextEncoder|QuestionEncoder|Reader))Tokenizer(Fast)?$/;

/** Classes of what only the files say. */
const PLAIN = /^PreTrainedTokenizer(Fast)?$/;

/**
 * Reads a folder, a `vocab.txt`, a `tokenizer.json` or files by name. A `tokenizer_config.json` and a
 * `special_tokens_map.json` beside count, and of a `config.json` what class of tokenizer it names. Errors: DataError naming
 * the file, and the line where there is one.
 */
export async function readTokenizer(source: FileSource): Promise<Recipe> {
  const { files, named = await chosen(openFiles(source)) } = await locate(source);
  const [config, map, older] = await Promise.all([CONFIG, MAP, ADDED].map((name) => readConfig(files, name)));
  const [settings, mapFile, olderFile] = [CONFIG, MAP, ADDED].map((name) => fileName(files, name));
  const specials = { ...namedSpecials(map!, mapFile!), ...namedSpecials(config!, settings!) };
  const text = decodeText(await files.read(named), fileName(files, named));
  const { name, from } = await tokenizerClass(files, config!, text);
  const given = { file: fileName(files, named), text, config: config!, settings: settings!, specials, name, from };
  const recipe = named.endsWith(".txt") ? readVocabulary(given) : readJson(given);
  const added = addedTokens(
    { value: config!, file: settings! },
    { value: map!, file: mapFile! },
    { value: older!, file: olderFile! },
  );
  const whole = added === "[]" ? recipe : adding(recipe, added);
  return JIEBA.test(name ?? "") ? cuttingWords(whole) : whole;
}

/** The recipe of a tokenizer with further tokens. */
const adding = (recipe: Recipe, tokens: string): Recipe => ({
  ...recipe,
  open: (glue) => {
    const handle = recipe.open(glue);
    handle.addTokens(tokens);
    return handle;
  },
});

/** The file to read of a folder. */
async function chosen(files: Files): Promise<string> {
  for (const name of [JSON_FILE, VOCABULARY]) if (await files.has(name)) return name;
  const where = files.name || "the files given";
  if ((await files.has("vocab.json")) && (await files.has("merges.txt"))) {
    throw new DataError(
      `${where}: vocab.json and merges.txt do not say all: transformers' save_pretrained makes a ${JSON_FILE}`,
    );
  }
  throw new DataError(`${where}: there is neither ${JSON_FILE} nor ${VOCABULARY}`);
}

/**
 * The class of transformers that a folder is for: as its files say, or RoFormer's where they say only that the model is one and
 * the vocabulary is of words. (A RoFormer of characters has BERT's, and says so or not.)
 */
async function tokenizerClass(files: Files, config: TokenizerConfig, text: string): Promise<Class> {
  const own = config.tokenizer_class;
  if (own !== undefined && own !== null)
    return { name: asClass(own, fileName(files, CONFIG)), from: fileName(files, CONFIG) };
  const from = fileName(files, MODEL);
  const { tokenizer_class, model_type } = await readConfig(files, MODEL);
  if (tokenizer_class !== undefined && tokenizer_class !== null) return { name: asClass(tokenizer_class, from), from };
  return { name: model_type === "roformer" && hasChineseWords(text) ? "RoFormerTokenizer" : undefined, from };
}

function asClass(value: unknown, file: string): string {
  if (typeof value === "string") return value;
  throw new DataError(`${file}: tokenizer_class is ${JSON.stringify(value)}, not the name of a class`);
}

/** A path to a file is that file in its folder. */
async function locate(source: FileSource): Promise<{ files: Files; named?: string }> {
  if (typeof source !== "string" || !platform.isNode || (await platform.fileSize(source)) === undefined) {
    return { files: openFiles(source) };
  }
  const cut = Math.max(source.lastIndexOf("/"), source.lastIndexOf("\\"));
  return { files: openFiles(cut < 0 ? "." : source.slice(0, cut) || "/"), named: source.slice(cut + 1) };
}

function readJson({ file, text, config, settings, specials, name }: Given): Recipe {
  const [lowercase, stripAccents, chineseChars] = folding(config, settings);
  // These classes set up their normalizer by the configuration, whatever the file says.
  const folds = BERT.test(name ?? "") || JIEBA.test(name ?? "");
  const open = (glue: Glue) => {
    const handle = glue.Handle.fromJson(text);
    const accents = "strip_accents" in config ? accentsNumber(stripAccents) : undefined;
    if (folds) handle.foldAs(lowercase, accents, JIEBA.test(name!) ? undefined : chineseChars);
    return handle;
  };
  return { file, config, specials, cleanUp: false, open };
}

function readVocabulary({ file, text, config, settings, specials, name = "BertTokenizer", from }: Given): Recipe {
  const words = JIEBA.test(name);
  if (!words && !BERT.test(name) && !PLAIN.test(name)) {
    throw new DataError(`${from}: tokenizer_class is ${JSON.stringify(name)}, which ${VOCABULARY} does not make`);
  }
  if (text === "") throw new DataError(`${file}: is empty`);
  const [lowercase = true, stripAccents, chineseChars = true] = folding(config, settings);
  const named = { unk: "[UNK]", cls: "[CLS]", sep: "[SEP]", pad: "[PAD]", mask: "[MASK]", ...specials };
  const roles = [named.unk, named.cls, named.sep, named.pad, named.mask];
  const accents = accentsNumber(stripAccents);
  // Where jieba cuts, characters are not set apart beforehand.
  const open = (glue: Glue) => glue.Handle.fromVocabulary(text, lowercase, accents, chineseChars && !words, roles);
  return { file, config, specials: named, cleanUp: true, open };
}

/** `do_lower_case`, `strip_accents` and `tokenize_chinese_chars`. */
const folding = (config: TokenizerConfig, file: string) =>
  ["do_lower_case", "strip_accents", "tokenize_chinese_chars"].map((name) => flag(config, name, file));

/** As the module takes it. */
const accentsNumber = (strip: boolean | undefined): number => (strip === undefined ? 2 : Number(strip));

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
