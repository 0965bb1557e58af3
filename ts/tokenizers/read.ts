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

/** What a reader makes a recipe of: the text of a file, and what stands beside it. */
interface Given {
  readonly file: string;
  readonly text: string;
  /** `tokenizer_config.json`. */
  readonly settings: ObjectFile;
  readonly specials: NamedSpecials;
  readonly class: TokenizerClass;
}

/** A tokenizer's files, read and not yet opened. */
export interface Recipe {
  /** What messages call the file. */
  readonly file: string;
  /** Opens it in the module; may be called again after a trap. */
  readonly open: (glue: Glue) => Handle;
  readonly config: TokenizerConfig;
  /** The special tokens that the files decide. */
  readonly specials: NamedSpecials;
  /** Whether decoded text is cleaned up if the configuration does not say. */
  readonly cleanUp: boolean;
}

const [JSON_FILE, VOCABULARY] = ["tokenizer.json", "vocab.txt"];

/**
 * Reads a folder, a `vocab.txt`, a `tokenizer.json` or files by name, as AutoTokenizer of transformers does: what stands beside
 * them in `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` counts, and of `config.json` the class of
 * tokenizer that it names or that its `model_type` has. Where transformers 4.57.6 and 5.24.0 differ, it is as in 4.57.6; what one
 * of them refuses is read as the other reads it. Errors: DataError naming the file, and the line where there is one.
 */
export async function readTokenizer(source: FileSource): Promise<Recipe> {
  const { folder, file } = await locate(source);
  return readWhole(folder, {}, async (root) => {
    if (file !== undefined) return readFiles(root, file);
    // A sentence-transformers folder may have the files of its transformer in one below.
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

/** The recipe of a tokenizer with further tokens, and with those of roles special as far as the vocabulary has them. */
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

/** The file to read of a folder. */
async function chosen(files: Files): Promise<string> {
  for (const name of [JSON_FILE, VOCABULARY]) if (await files.has(name)) return name;
  const where = files.name || "the files given";
  if ((await files.has("vocab.json")) && (await files.has("merges.txt"))) {
    throw new DataError(
      `${where}: vocab.json and merges.txt do not say all: transformers' save_pretrained makes a ${JSON_FILE}`,
    );
  }
  const meant = await hubHint(files);
  throw new DataError(`${where}: there is neither ${JSON_FILE} nor ${VOCABULARY}${meant}`, { reason: "not-found" });
}

/** A path to a file is that file in its folder, which may be staged while the folder is saved to. */
async function locate(source: FileSource): Promise<{ folder: FileSource; file?: string }> {
  if (typeof source !== "string" || !platform.isNode || !isFolderPath(source)) return { folder: source };
  const cut = Math.max(source.lastIndexOf("/"), source.lastIndexOf("\\"));
  const [folder, file] = [cut < 0 ? "." : source.slice(0, cut) || "/", source.slice(cut + 1)];
  return file !== "" && (await openFiles(folder).has(file)) ? { folder, file } : { folder: source };
}

/** A flag that the files leave out has the class's value, whatever `tokenizer.json` says. */
function readJson({ file, text, settings, specials, class: { kind, name } }: Given): Recipe {
  const { lowercase, accents, chineseChars } = folding(settings);
  const prefixSpace = flag(settings, "add_prefix_space") ?? false;
  const open = (glue: Glue) => {
    const handle = glue.Handle.fromJson(text);
    // RoFormer's class leaves Chinese characters as the file has them.
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
  // Where jieba cuts, characters are not set apart beforehand.
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
