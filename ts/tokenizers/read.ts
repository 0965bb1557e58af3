import { DataError } from "../errors.js";
import { type FileSource, type Files, fileName, hubHint, isFolderPath, openFiles } from "../io/files.js";
import { readText } from "../io/json.js";
import { transformerFiles } from "../io/modules.js";
import { readWhole } from "../io/whole.js";
import { platform } from "../platform/index.js";
import { addedTokens, type Placed, roleTokens } from "./added.js";
import { readsVocabulary, type TokenizerClass, tokenizerClass } from "./classes.js";
import { cuttingWords } from "./jieba.js";
import type { Glue, Handle } from "./native.js";
import { BERT_SPECIALS, type NamedSpecials, specialsOf } from "./specials.js";
import { type ObjectFile, readObject, type TokenizerConfig } from "./textFiles.js";

/** The input of a reader: the text of a file, and the files beside it. */
interface Given {
  readonly file: string;
  readonly text: string;
  /** `tokenizer_config.json`. */
  readonly settings: ObjectFile;
  readonly specials: NamedSpecials;
  readonly class: TokenizerClass;
}

/** A tokenizer that has been read from files but not opened. */
export interface Recipe {
  /** The file's name in messages. */
  readonly file: string;
  /** Opens it in the module; called again after a trap. */
  readonly open: (glue: Glue) => Handle;
  readonly config: TokenizerConfig;
  /** The special tokens that the files define. */
  readonly specials: NamedSpecials;
  /** Whether decoded text is cleaned up by default. */
  readonly cleanUp: boolean;
  /** Whether jieba cuts Chinese words first. Default: false. */
  readonly cutsWords?: boolean | undefined;
}

const [JSON_FILE, VOCABULARY] = ["tokenizer.json", "vocab.txt"];

/**
 * Reads a folder, a `vocab.txt`, a `tokenizer.json` or files by name, as transformers' AutoTokenizer does. It also reads
 * `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`, and from `config.json` the class of
 * tokenizer that it names or that its `model_type` implies. Where transformers 4.57.6 and 5.24.0 differ, this follows 4.57.6; files that one
 * of them refuses are read as the other reads them. Errors: DataError naming the file, and the line if there is one.
 */
export async function readTokenizer(source: FileSource): Promise<Recipe> {
  const { folder, file } = await locate(source);
  return readWhole(folder, {}, async (root) => {
    if (file !== undefined) return readFiles(root, file);
    // A sentence-transformers folder may have the files of its transformer in a subfolder.
    const files = await transformerFiles(root);
    return readFiles(files, await chosen(files));
  });
}

async function readFiles(files: Files, named: string): Promise<Recipe> {
  const names = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json"];
  const objects = await Promise.all(names.map((name) => readObject(files, name)));
  const [settings, map, older, model] = objects as [ObjectFile, ObjectFile, ObjectFile, ObjectFile];
  const text = await readText(files, named, DataError);
  const found = tokenizerClass(settings, model);
  const specials = specialsOf(found.kind, settings, map);
  const given = { file: fileName(files, named), text, settings, specials, class: found };
  const recipe = named.endsWith(".txt") ? readVocabulary(given) : readJson(given);
  const whole = adding(recipe, addedTokens({ config: settings, map, older }));
  return found.kind === "words" ? cuttingWords(whole) : whole;
}

/** The recipe of a tokenizer with added tokens, and with the tokens of roles that the vocabulary has marked as special. */
const adding = (recipe: Recipe, tokens: readonly Placed[]): Recipe => ({
  ...recipe,
  open: (glue) => {
    const handle = recipe.open(glue);
    if (tokens.length > 0) handle.addTokens(JSON.stringify(tokens));
    const roles = roleTokens(recipe.specials).filter(({ content }) => handle.tokenId(content) !== undefined);
    if (roles.length > 0) handle.addTokens(JSON.stringify(roles.map((token) => [null, token])));
    return handle;
  },
});

/** The file to read from a folder. */
async function chosen(files: Files): Promise<string> {
  for (const name of [JSON_FILE, VOCABULARY]) if (await files.has(name)) return name;
  const where = files.name || "the files given";
  if ((await files.has("vocab.json")) && (await files.has("merges.txt"))) {
    throw new DataError(
      `${where}: vocab.json and merges.txt are not enough: transformers' save_pretrained makes a ${JSON_FILE}`,
    );
  }
  const meant = await hubHint(files);
  throw new DataError(`${where}: there is neither ${JSON_FILE} nor ${VOCABULARY}${meant}`, { reason: "not-found" });
}

/** Splits a file's path into folder and name: the file may be staged while the folder is saved to. */
async function locate(source: FileSource): Promise<{ folder: FileSource; file?: string }> {
  if (typeof source !== "string" || !platform.isNode || !isFolderPath(source)) return { folder: source };
  const cut = Math.max(source.lastIndexOf("/"), source.lastIndexOf("\\"));
  const [folder, file] = [cut < 0 ? "." : source.slice(0, cut) || "/", source.slice(cut + 1)];
  return file !== "" && (await openFiles(folder).has(file)) ? { folder, file } : { folder: source };
}

/** A flag missing from the files has the class's default, whatever `tokenizer.json` says. */
function readJson({ file, text, settings, specials, class: { kind, name } }: Given): Recipe {
  const { lowercase, accents, chineseChars } = folding(settings);
  const prefixSpace = flag(settings, "add_prefix_space") ?? false;
  const open = (glue: Glue) => {
    const handle = glue.Handle.fromJson(text);
    // RoFormer's class does not change how Chinese characters are handled.
    if (kind !== "plain") handle.foldAs(lowercase, accents, kind === "words" ? undefined : chineseChars);
    if (name !== undefined) handle.addPrefixSpace(prefixSpace);
    return handle;
  };
  return { file, config: settings.value, specials, cleanUp: false, open };
}

function readVocabulary({ file, text, settings, specials, class: found }: Given): Recipe {
  if (!readsVocabulary(found)) {
    throw new DataError(
      `${found.from}: tokenizer_class is ${JSON.stringify(found.name)}, which ${VOCABULARY} does not make`,
    );
  }
  if (text === "") throw new DataError(`${file}: is empty`);
  const { lowercase, accents, chineseChars } = folding(settings);
  const all = { ...BERT_SPECIALS, ...specials };
  const framing = (["unk", "cls", "sep"] as const).map((role) => all[role] ?? BERT_SPECIALS[role]);
  const roles = [...framing, ...[all.pad, all.mask].filter((token) => token !== null)];
  // Before jieba, characters are not separated by spaces.
  const apart = chineseChars && found.kind !== "words";
  const open = (glue: Glue) => glue.Handle.fromVocabulary(text, lowercase, accents, apart, roles);
  return { file, config: settings.value, specials: all, cleanUp: true, open };
}

/** `do_lower_case`, `strip_accents` (0 no, 1 yes, 2 as case) and `tokenize_chinese_chars`, with the defaults of BERT's class. */
function folding(settings: ObjectFile): { lowercase: boolean; accents: number; chineseChars: boolean } {
  const strip = flag(settings, "strip_accents");
  return {
    lowercase: flag(settings, "do_lower_case") ?? true,
    accents: strip === undefined ? 2 : Number(strip),
    chineseChars: flag(settings, "tokenize_chinese_chars") ?? true,
  };
}

function flag({ value: config, file }: ObjectFile, name: string): boolean | undefined {
  const value = config[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean")
    throw new DataError(`${file}: ${name} is ${JSON.stringify(value)}, not true or false`);
  return value;
}
