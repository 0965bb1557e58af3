import { DataError, EngineError, ShapeError } from "../errors.js";
import type { FileSource, Files } from "../io/files.js";
import { checkOptions } from "../options.js";
import { batchEnd, type EncodedBatch, joined } from "./batch.js";
import { cleanUp } from "./cleanUp.js";
import { lowerCase, verbatimTokens } from "./lowerCase.js";
import { type Glue, type Handle, loadNative, type Native } from "./native.js";
import {
  BATCH,
  DECODE,
  type DecodeOptions,
  ENCODE,
  type EncodeBatchOptions,
  type EncodeOptions,
  type Limits,
  readLimits,
} from "./options.js";
import { type Recipe, readTokenizer } from "./read.js";
import { type Description, savedFiles } from "./save.js";
import { customarySpecials, type SpecialTokens } from "./specials.js";
import { type Encoding, unpack } from "./unpack.js";

export type { EncodedBatch, Encoding };

/**
 * Encodes text as token ids and decodes it, as Hugging Face's tokenizers do.
 *
 * A lone surrogate is read as U+FFFD. Truncation and padding settings in a `tokenizer.json` are ignored.
 */
export class Tokenizer {
  readonly #native: Native;
  readonly #recipe: Recipe;
  readonly #specials: SpecialTokens;
  /**
   * The model's maximum length in tokens; undefined if no file defines it. It is saved in `tokenizer_config.json`
   * (`model_max_length`).
   */
  modelMaxLength: number | undefined;
  #handle: Handle;
  #generation: number;
  #vocabulary: ReadonlyMap<string, number> | undefined;
  #tokens: ReadonlyMap<number, string> | undefined;
  #prefix: string | undefined;
  #verbatim: readonly string[] | undefined;

  private constructor(native: Native, recipe: Recipe) {
    this.#native = native;
    this.#recipe = recipe;
    this.#handle = native.call(recipe.file, (message) => this.#refuse(message), recipe.open);
    this.#generation = native.generation;
    const stored = recipe.config.model_max_length;
    this.modelMaxLength = Number.isSafeInteger(stored) && (stored as number) > 0 ? (stored as number) : undefined;
    const parts = this.#describe();
    this.#specials = customarySpecials(
      parts.added.map((token) => token.content),
      recipe.specials,
    );
    this.#settle();
  }

  /**
   * Loads a tokenizer from a folder with `tokenizer.json` or `vocab.txt`, from one of these files, or from files by name.
   *
   * @example
   * ```ts
   * const tokenizer = await Tokenizer.load("./my-model");
   * console.log(tokenizer.encode("a text").tokens);
   * ```
   * @throws DataError that names the file, and the line if there is one.
   */
  static async load(source: FileSource): Promise<Tokenizer> {
    return Tokenizer.open(await readTokenizer(source));
  }

  /** Whether a folder contains a tokenizer: `tokenizer.json` or `vocab.txt`. */
  static async isIn(files: Files): Promise<boolean> {
    return (await files.has("tokenizer.json")) || (await files.has("vocab.txt"));
  }

  /** @internal Opens a tokenizer that was read or trained. */
  static async open(recipe: Recipe): Promise<Tokenizer> {
    const native = await loadNative();
    try {
      const tokenizer = new Tokenizer(native, recipe);
      tokenizer.#probe();
      return tokenizer;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new DataError((error as Error).message, { cause: error });
    }
  }

  /**
   * Encodes `text`, or the pair of `text` and `options.pair`. Errors: ConfigError for invalid options, DataError for
   * text that cannot be truncated as requested or encoded at all, ShapeError for a value that is not a string.
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    checkOptions("encode", options, ENCODE);
    const { pair } = options;
    checkText("encode: text", text);
    if (pair !== undefined) checkText("encode: pair", pair);
    const limits = readLimits(options, this.modelMaxLength);
    const encodings = this.#call("encode", (handle) => {
      const { specials, truncation, maxLength, stride, padTo } = limits;
      const encoded = handle.encode(text, pair, specials, truncation, maxLength, stride, padTo);
      const windows = unpack(encoded.numbers(), encoded.tokens());
      encoded.free();
      return windows;
    });
    const [first, ...overflow] = encodings;
    return options.stride === undefined ? first! : { ...first!, overflow };
  }

  /**
   * Encodes many texts, each with the pair of the same index if `pairs` is given. Much faster than `encode`, without offsets.
   * Errors: as {@link encode}, and ShapeError if the texts are not a list or the number of pairs differs.
   */
  encodeBatch(texts: readonly string[], options: EncodeBatchOptions = {}): EncodedBatch {
    checkOptions("encodeBatch", options, BATCH);
    const { pairs } = options;
    for (const [name, list] of Object.entries({ texts, pairs: pairs ?? [] })) {
      if (!Array.isArray(list)) throw new ShapeError(`encodeBatch: ${name}`, typeof list, "a list of texts");
    }
    for (const [i, text] of texts.entries()) checkText(`encodeBatch: texts[${i}]`, text);
    for (const [i, pair] of (pairs ?? []).entries()) checkText(`encodeBatch: pairs[${i}]`, pair);
    if (pairs && pairs.length !== texts.length) {
      throw new ShapeError("encodeBatch: the number of pairs", pairs.length, `that of texts, ${texts.length}`);
    }
    const limits = readLimits(options, this.modelMaxLength);
    const batches: EncodedBatch[] = [];
    for (let at = 0; at < texts.length; ) {
      const end = batchEnd(texts, pairs, at);
      batches.push(this.#encodeMany(texts.slice(at, end), pairs?.slice(at, end) ?? [], at, limits));
      at = end;
    }
    return joined(batches);
  }

  /** Decodes ids to text. Unknown ids are skipped. Errors: ShapeError for a value that is not an id. */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    checkOptions("decode", options, DECODE);
    const { skipSpecialTokens = false } = options;
    const list = Array.from(ids);
    const bad = list.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= 2 ** 32);
    if (bad >= 0) throw new ShapeError(`decode: ids[${bad}]`, list[bad], "the id of a token");
    const text = this.#call("decode", (handle) => handle.decode(Uint32Array.from(list), skipSpecialTokens));
    return this.#cleansUp ? cleanUp(text) : text;
  }

  /**
   * Decodes tokens by the tokenizer's decoder, or joins them by spaces if it has none. Unlike
   * {@link decode}, it accepts tokens that are not in the vocabulary. Errors: DataError if the decoder refuses them.
   */
  convertTokensToString(tokens: readonly string[]): string {
    return this.#call("convertTokensToString", (handle) => handle.joinTokens([...tokens]));
  }

  /** @internal Lowercases `text` except for its special tokens, as sentence-transformers' `do_lower_case` does. */
  lowerCase(text: string): string {
    this.#verbatim ??= verbatimTokens(this.#call("lowerCase", (handle) => handle.toJson()));
    return lowerCase(text, this.#verbatim);
  }

  /** Ids by token, including added tokens. */
  getVocab(): ReadonlyMap<string, number> {
    this.#vocabulary ??= new Map(
      JSON.parse(this.#call("getVocab", (handle) => handle.vocabulary())) as [string, number][],
    );
    return this.#vocabulary;
  }

  /** One more than the highest id: the number of rows that an embedding table needs. */
  get vocabSize(): number {
    let highest = -1;
    for (const id of this.getVocab().values()) highest = Math.max(highest, id);
    return highest + 1;
  }

  /** The id of a token; undefined if it is unknown. */
  tokenToId(token: string): number | undefined {
    return this.getVocab().get(token);
  }

  /** The token of an id; undefined if it is unknown. */
  idToToken(id: number): string | undefined {
    if (this.#tokens === undefined) {
      const tokens = new Map<number, string>();
      for (const [token, at] of this.getVocab()) if (!tokens.has(at)) tokens.set(at, token);
      this.#tokens = tokens;
    }
    return this.#tokens.get(id);
  }

  /** The special tokens that this tokenizer has, by role. */
  get specialTokens(): SpecialTokens {
    return this.#specials;
  }

  /** The side that is padded (`padding_side`). Default: "right". */
  get paddingSide(): "left" | "right" {
    return this.#recipe.config.padding_side === "left" ? "left" : "right";
  }

  /** @internal The prefix of tokens that continue a word, such as `##`; empty if there is none. */
  get continuingSubwordPrefix(): string {
    this.#prefix ??= this.#describe().model.prefix ?? "";
    return this.#prefix;
  }

  /** @internal Whether jieba cuts Chinese words first: then {@link wordMarks} tells words. */
  get cutsWords(): boolean {
    return this.#recipe.cutsWords ?? false;
  }

  /**
   * @internal For a tokenizer that cuts Chinese words: 1 for each token of `encodeBatch(texts)`, without special tokens, that continues a word,
   * else 0.
   */
  wordMarks(texts: readonly string[]): Uint8Array {
    return this.#call("wordMarks", (handle) => handle.wordMarks([...texts]));
  }

  /** The id of the unknown token. */
  get unkTokenId(): number | undefined {
    return this.#roleId("unk");
  }

  /** The id of the padding token. */
  get padTokenId(): number | undefined {
    return this.#roleId("pad");
  }

  /** The id of the token before the first text. */
  get clsTokenId(): number | undefined {
    return this.#roleId("cls");
  }

  /** The id of the token after each text. */
  get sepTokenId(): number | undefined {
    return this.#roleId("sep");
  }

  /** The id of the mask token. */
  get maskTokenId(): number | undefined {
    return this.#roleId("mask");
  }

  /** The id of the token at the beginning of a text. */
  get bosTokenId(): number | undefined {
    return this.#roleId("bos");
  }

  /** The id of the token at the end of a text. */
  get eosTokenId(): number | undefined {
    return this.#roleId("eos");
  }

  /**
   * The files to save, by name: `tokenizer.json`, `vocab.txt` (WordPiece), `tokenizer_config.json` and
   * `special_tokens_map.json`, as `AutoTokenizer` of transformers loads them.
   */
  files(): Map<string, Uint8Array> {
    const json = this.#call("files", (handle) => handle.toJson());
    const length = this.modelMaxLength === undefined ? {} : { model_max_length: this.modelMaxLength };
    const config = { ...this.#recipe.config, ...length, clean_up_tokenization_spaces: this.#cleansUp };
    const loaded = { config, named: this.#recipe.specials };
    return savedFiles(json, this.#describe(), this.getVocab(), this.#specials, loaded);
  }

  get #cleansUp(): boolean {
    const stored = this.#recipe.config.clean_up_tokenization_spaces;
    return typeof stored === "boolean" ? stored : this.#recipe.cleanUp;
  }

  #roleId(role: keyof SpecialTokens): number | undefined {
    const token = this.#specials[role];
    return token === undefined ? undefined : this.tokenToId(token);
  }

  #encodeMany(
    texts: string[],
    pairs: string[],
    first: number,
    { specials, truncation, maxLength }: Limits,
  ): EncodedBatch {
    return this.#call("encodeBatch", (handle) => {
      const batch = handle.encodeMany(texts, pairs, first, specials, truncation, maxLength);
      const arrays = { ids: batch.ids(), typeIds: batch.types(), offsets: batch.offsets() };
      batch.free();
      return arrays;
    });
  }

  #describe(): Description {
    return JSON.parse(this.#call("describe", (handle) => handle.describe())) as Description;
  }

  /** Sets a handle's padding token and sides. */
  #settle(): void {
    const { truncation_side } = this.#recipe.config;
    const pad = this.#specials.pad ?? "";
    const id = this.#call("load", (handle) => handle.tokenId(pad));
    // A padding token without an id is ignored.
    const left = this.paddingSide === "left";
    this.#handle.configure(id ?? 0, id === undefined ? "" : pad, left, truncation_side === "left");
  }

  /** Encodes a text, so that a file that makes the module trap fails now rather than later. */
  #probe(): void {
    try {
      this.encode("a", { pair: "a" });
    } catch (error) {
      if (error instanceof EngineError) throw error;
    }
  }

  #call<T>(place: string, body: (handle: Handle) => T): T {
    if (this.#generation !== this.#native.generation) {
      this.#handle = this.#native.call(this.#recipe.file, (message) => this.#refuse(message), this.#recipe.open);
      this.#generation = this.#native.generation;
      this.#settle();
    }
    const name = `${this.#recipe.file}: ${place}`;
    return this.#native.call(
      name,
      (message, cause) => new DataError(`${place}: ${message}`, { cause }),
      (_: Glue) => body(this.#handle),
    );
  }

  #refuse(message: string): DataError {
    return new DataError(`${this.#recipe.file}: ${message}`);
  }
}

function checkText(place: string, text: unknown): asserts text is string {
  if (typeof text !== "string") throw new ShapeError(place, text, "a string");
}
