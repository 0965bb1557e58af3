import { AbortError, ConfigError, DataError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { type Glue, loadNative } from "./native.js";
import { Tokenizer } from "./tokenizer.js";

/** Kinds of tokenizers that can be trained: BERT's WordPiece, GPT-2's byte-level BPE, SentencePiece's Unigram. */
export type TokenizerKind = "wordpiece" | "bpe" | "unigram";

/** Options of `trainTokenizer`. */
export interface TrainTokenizerOptions {
  /** BERT's WordPiece, GPT-2's byte-level BPE, or SentencePiece's Unigram. */
  readonly kind: TokenizerKind;
  /** The text, divided in any way. */
  readonly lines: Iterable<string> | AsyncIterable<string>;
  /**
   * Vocabulary size, including special tokens. It is larger if the alphabet alone is larger (not for Unigram).
   * @default 30,000
   */
  readonly vocabSize?: number | undefined;
  /**
   * Minimum number of occurrences of a pair to become a token; Unigram ignores it.
   * @default 2
   */
  readonly minFrequency?: number | undefined;
  /**
   * Lowercases the text, also when encoding.
   * @default true for WordPiece, otherwise false
   */
  readonly lowercase?: boolean | undefined;
  /**
   * Special tokens, which get the first ids. WordPiece requires `[UNK]`, Unigram `<unk>`.
   * @default the usual ones of the kind
   */
  readonly specialTokens?: readonly string[] | undefined;
  /** Aborts between lines, with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of lines read. */
  readonly onProgress?: ((progress: { readonly lines: number }) => void) | undefined;
}

const TRAIN: Names<TrainTokenizerOptions> = {
  ...{ kind: true, lines: true, vocabSize: true, minFrequency: true },
  ...{ lowercase: true, specialTokens: true, signal: true, onProgress: true },
};

interface Kind {
  /** Its number in the module. */
  readonly number: number;
  readonly lowercase: boolean;
  readonly specialTokens: readonly string[];
  /** Whether decoding removes spaces around punctuation. */
  readonly cleanUp: boolean;
  /** The special token that it requires. */
  readonly needs?: string;
}

/** To add a kind, add an entry here and in `crates/tokenizer/src/train.rs`. */
const KINDS: Readonly<Record<TokenizerKind, Kind>> = {
  wordpiece: {
    number: 0,
    lowercase: true,
    specialTokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
    cleanUp: true,
    needs: "[UNK]",
  },
  bpe: { number: 1, lowercase: false, specialTokens: ["<|endoftext|>", "<pad>"], cleanUp: false },
  unigram: {
    number: 2,
    lowercase: false,
    specialTokens: ["<pad>", "<unk>", "<s>", "</s>"],
    cleanUp: false,
    needs: "<unk>",
  },
};

/** The names of the kinds. */
export const tokenizerKinds = Object.keys(KINDS) as readonly TokenizerKind[];

const UNITS = 1 << 20; // of text per call of the module
const LARGEST = 2 ** 24;

/**
 * Trains a tokenizer. The same text and options give the same bytes, in any process.
 * Errors: ConfigError for options, DataError for lines that are not strings and for text that does not suit `vocabSize`,
 * AbortError.
 */
export async function trainTokenizer(options: TrainTokenizerOptions): Promise<Tokenizer> {
  checkOptions("trainTokenizer", options, TRAIN);
  const { kind, vocabSize, minFrequency, lowercase, specialTokens } = checked(options);
  const native = await loadNative();
  const refuse = (message: string, cause: unknown) => new DataError(`train-tokenizer: ${message}`, { cause });
  const run = <T>(body: (glue: Glue) => T): T => native.call("train-tokenizer", refuse, body);
  const trainer = run((glue) => new glue.Trainer(kind.number, vocabSize, minFrequency, lowercase, [...specialTokens]));
  for await (const batch of batches(options)) run(() => trainer.add(batch));
  const json = run(() => {
    const handle = trainer.finish();
    const text = handle.toJson();
    handle.free();
    return text;
  });
  const open = (glue: Glue) => glue.Handle.fromJson(json);
  return Tokenizer.open({ file: "the trained tokenizer", open, config: {}, specials: {}, cleanUp: kind.cleanUp });
}

function checked(options: TrainTokenizerOptions) {
  const { vocabSize = 30_000, minFrequency = 2 } = options;
  const kind = Object.hasOwn(KINDS, options.kind) ? KINDS[options.kind] : undefined;
  if (!kind) throw wrong("kind", options.kind, Object.keys(KINDS).join(", "));
  const { lowercase = kind.lowercase, specialTokens = kind.specialTokens } = options;
  if (!Number.isInteger(vocabSize) || vocabSize < 1 || vocabSize > LARGEST) {
    throw wrong("vocabSize", vocabSize, `a whole number from 1 to ${LARGEST}`);
  }
  if (!Number.isInteger(minFrequency) || minFrequency < 0 || minFrequency >= 2 ** 31) {
    throw wrong("minFrequency", minFrequency, "a whole number from 0");
  }
  const bad = specialTokens.find((token, i) => typeof token !== "string" || !token || specialTokens.indexOf(token) < i);
  if (bad !== undefined) throw wrong("specialTokens", specialTokens, "a list of tokens, each once");
  if (kind.needs && !specialTokens.includes(kind.needs))
    throw wrong("specialTokens", specialTokens, `with ${kind.needs}`);
  return { kind, vocabSize, minFrequency, lowercase, specialTokens };
}

const wrong = (name: string, got: unknown, want: string): ConfigError =>
  new ConfigError(`train-tokenizer: ${name} is ${JSON.stringify(got)}, not ${want}`);

async function* batches({ lines, signal, onProgress }: TrainTokenizerOptions): AsyncGenerator<string[]> {
  let batch: string[] = [];
  let [units, count] = [0, 0];
  for await (const line of lines) {
    count++;
    if (typeof line !== "string") throw new DataError(`train-tokenizer: line ${count} is ${typeof line}, not a string`);
    batch.push(line);
    units += line.length + 1;
    if (units < UNITS) continue;
    if (signal?.aborted) throw new AbortError();
    yield batch;
    onProgress?.({ lines: count });
    batch = [];
    units = 0;
  }
  if (signal?.aborted) throw new AbortError();
  yield batch;
  onProgress?.({ lines: count });
}
