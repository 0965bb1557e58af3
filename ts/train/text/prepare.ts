import { ConfigError } from "../../errors.js";
import { type Downloads, platform } from "../../platform/index.js";
import { byteTokenizer, characterTokenizer } from "../../tokenizers/characters.js";
import { Tokenizer } from "../../tokenizers/tokenizer.js";
import { trainTokenizer } from "../../tokenizers/train.js";
import type { PretrainOptions } from "../options.js";
import type { ResolvedPretrain } from "../settings/pretrain.js";
import { unstarted } from "../stopped.js";
import { Corpus } from "./corpus.js";
import type { Piece } from "./documents.js";
import { TextEncoding } from "./encode.js";
import { charactersOf, linesOf } from "./lines.js";
import { hashOfTexts } from "./measure.js";
import { holdOut } from "./splitText.js";
import { inCache, inMemory, originKey } from "./tokenCache.js";
import type { TokenFile } from "./tokenFile.js";

/** UTF-16 units of text whose ids stay in memory, if no cache is named. */
const KEPT = 2 ** 23;

/** The text of a run: what is trained on, and what is held out. */
export class RunText {
  readonly #options: PretrainOptions;
  readonly #settings: ResolvedPretrain;
  readonly #cache: Downloads;
  readonly #train: Corpus;
  readonly #held: Corpus | undefined;
  /** Where the held-out part begins, in UTF-16 units. */
  readonly #cut: number;

  private constructor(
    options: PretrainOptions,
    settings: ResolvedPretrain,
    cache: Downloads,
    corpora: readonly Corpus[],
  ) {
    [this.#options, this.#settings, this.#cache] = [options, settings, cache];
    [this.#train, this.#held] = [corpora[0]!, corpora[1]];
    this.#cut = this.#held ? Number.POSITIVE_INFINITY : holdOut(this.#train.facts.units);
  }

  /** Reads all text once. Errors: ConfigError for a cache that there cannot be, DataError, AbortError. */
  static async open(options: PretrainOptions, settings: ResolvedPretrain): Promise<RunText> {
    if (options.cache !== undefined && !platform.isNode)
      throw new ConfigError("pretrain: cache is a folder, which browsers do not have");
    const cache = platform.downloads(options.cache);
    const check = () => {
      if (options.signal?.aborted) throw unstarted(options);
    };
    const how = { sampleBy: settings.sampleBy, separated: settings.packing, cache, check };
    const train = await Corpus.open(options, how);
    try {
      const held = options.valid && (await Corpus.open({ ...options, data: options.valid }, how));
      return new RunText(options, settings, cache, held ? [train, held] : [train]);
    } catch (error) {
      await train.free();
      throw error;
    }
  }

  /** The tokenizer that is named, or one that is trained on the text that is not held out. */
  async tokenizer(): Promise<Tokenizer> {
    const { objective, tokenizer, onMessage, signal } = this.#options;
    const name = tokenizer ?? (objective === "clm" ? "char" : undefined);
    const text = () => this.#train.before(this.#cut);
    if (name === "char") return characterTokenizer(await charactersOf(text()));
    if (name === "byte") return byteTokenizer();
    if (name === "jieba") throw new ConfigError("pretrain: tokenizer jieba: give the folder of a RoFormer tokenizer");
    if (name !== undefined) return Tokenizer.load(name);
    const { vocabSize } = this.#settings;
    onMessage?.(`training a WordPiece vocabulary of at most ${vocabSize}`);
    return trainTokenizer({ kind: "wordpiece", lines: linesOf(text()), vocabSize, signal });
  }

  /** The text as ids: in memory, or of a long text in the cache. */
  async encode(tokenizer: Tokenizer): Promise<TokenFile> {
    const { wholeWordMask, packing } = this.#settings;
    const marks =
      wholeWordMask && tokenizer.cutsWords ? (texts: readonly string[]) => tokenizer.wordMarks(texts) : undefined;
    if (wholeWordMask && !marks && tokenizer.continuingSubwordPrefix === "")
      throw new ConfigError("pretrain: wholeWordMask needs a WordPiece tokenizer, whose tokens tell where words begin");
    const encoding = new TextEncoding({ tokenizer, marks });
    const hasWords = marks !== undefined;
    const settings = { cut: this.#held ? this.#held.facts.hash : this.#cut, packing, hasWords };
    const origin = {
      text: this.#train.facts.hash,
      tokenizer: await tokenizerHash(tokenizer),
      settings: await hashOfTexts(JSON.stringify(settings)),
    };
    const source = {
      ...{ key: await originKey(origin), hasWords, width: encoding.width },
      bytes: () => encoding.bytes(this.#parts()),
      sections: () => encoding.sections,
    };
    const units = this.#train.facts.units + (this.#held?.facts.units ?? 0);
    if (this.#options.cache === undefined && units <= KEPT) return inMemory(source);
    return inCache(this.#cache, origin, source, this.#options.onMessage ?? (() => {}));
  }

  /** All text: that of `valid` behind the other. */
  async *#parts(): AsyncGenerator<Piece & { readonly isHeld: boolean }> {
    yield* this.#train.parts(this.#cut);
    if (this.#held)
      for await (const piece of this.#held.parts(Number.POSITIVE_INFINITY)) yield { ...piece, isHeld: true };
  }

  /** Hashes of what is trained on, and of what is held out. */
  async hashes(tokenizer: Tokenizer): Promise<{ readonly training: string; readonly validation: string }> {
    const how = [await tokenizerHash(tokenizer), String(this.#settings.packing)];
    const { hash } = this.#train.facts;
    const held = this.#held?.facts.hash ?? hash;
    return {
      training: await hashOfTexts("training", hash, String(this.#cut), ...how),
      validation: await hashOfTexts("validation", held, this.#held ? "" : String(this.#cut), ...how),
    };
  }

  /** Whether the held-out text is a part of the data. */
  get isHeldOut(): boolean {
    return this.#held === undefined;
  }

  /** Removes copies of what could be read once only. */
  async free(): Promise<void> {
    await this.#train.free();
    await this.#held?.free();
  }
}

/** A hash of what a tokenizer makes of texts: its files, but for the length that is noted for a model. */
async function tokenizerHash(tokenizer: Tokenizer): Promise<string> {
  const files = tokenizer.files();
  const text = (name: string) => new TextDecoder().decode(files.get(name) ?? new Uint8Array(0));
  const { model_max_length, ...config } = JSON.parse(text("tokenizer_config.json") || "{}") as Record<string, unknown>;
  return hashOfTexts(text("tokenizer.json"), JSON.stringify(config), String(tokenizer.cutsWords));
}
