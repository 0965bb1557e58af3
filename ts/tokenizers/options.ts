import { ConfigError } from "../errors.js";
import type { Names } from "../options.js";

/** Which text is truncated: the longer one token by token, or always the one named. `true` means `longest_first`. */
export type Truncation = "longest_first" | "only_first" | "only_second";

/** Options of `encode` and `encodeBatch`. */
export interface BatchOptions {
  /**
   * Adds `[CLS]`, `[SEP]` and the like.
   * @default true
   */
  readonly addSpecialTokens?: boolean | undefined;
  /**
   * Maximum number of tokens, including special tokens; used with `truncation` or `padding`. Default: the tokenizer's
   * `modelMaxLength`.
   */
  readonly maxLength?: number | undefined;
  /**
   * Truncates to `maxLength`.
   * @default false
   */
  readonly truncation?: Truncation | boolean | undefined;
}

/** Options of `encode`. Names and values are those of transformers. */
export interface EncodeOptions extends BatchOptions {
  /** The second text of a pair. */
  readonly pair?: string | undefined;
  /** Returns the further windows of a truncated text as `overflow`; neighbors overlap by this many tokens. */
  readonly stride?: number | undefined;
  /**
   * `"max_length"`: pads to `maxLength`.
   * @default false
   */
  readonly padding?: "max_length" | false | undefined;
}

/** Options of `encodeBatch`. */
export interface EncodeBatchOptions extends BatchOptions {
  /** Second texts, one per text. */
  readonly pairs?: readonly string[] | undefined;
}

/** Options of `decode`. */
export interface DecodeOptions {
  /**
   * Omits `[CLS]`, `[SEP]` and the like.
   * @default false
   */
  readonly skipSpecialTokens?: boolean | undefined;
}

/** The names of {@link EncodeOptions}. */
export const ENCODE: Names<EncodeOptions> = {
  ...{ addSpecialTokens: true, maxLength: true, truncation: true },
  ...{ pair: true, stride: true, padding: true },
};

/** The names of {@link EncodeBatchOptions}. */
export const BATCH: Names<EncodeBatchOptions> = {
  ...{ addSpecialTokens: true, maxLength: true, truncation: true, pairs: true },
};

/** The names of {@link DecodeOptions}. */
export const DECODE: Names<DecodeOptions> = { skipSpecialTokens: true };

/** The options as the module takes them. */
export interface Limits {
  readonly specials: boolean;
  /** 0 none, 1 longest_first, 2 only_first, 3 only_second. */
  readonly truncation: number;
  readonly maxLength: number;
  /** Undefined for no windows. */
  readonly stride: number | undefined;
  /** 0 for none. */
  readonly padTo: number;
}

const STRATEGIES = ["longest_first", "only_first", "only_second"] as const;
const LONGEST = 2 ** 30; // longer than any text
const PADDED = 2 ** 24; // more padding would not fit into memory

/** Checks options. `modelMaxLength` stands in for an absent `maxLength`. Errors: ConfigError naming the option. */
export function readLimits(options: EncodeOptions, modelMaxLength: number | undefined): Limits {
  const { addSpecialTokens = true, truncation = false, padding = false, stride } = options;
  if (typeof addSpecialTokens !== "boolean") throw wrong("addSpecialTokens", addSpecialTokens, "true or false");
  if (stride !== undefined && !isCount(stride)) throw wrong("stride", stride, "a whole number from 0");
  const asked = truncation === true ? "longest_first" : truncation;
  const strategy = asked === false ? 0 : 1 + STRATEGIES.indexOf(asked);
  if (asked !== false && strategy === 0)
    throw wrong("truncation", truncation, `false, true or ${STRATEGIES.join(", ")}`);
  if (padding !== false && padding !== "max_length") throw wrong("padding", padding, 'false or "max_length"');
  const maxLength = options.maxLength ?? modelMaxLength;
  if (maxLength !== undefined && !isCount(maxLength)) throw wrong("maxLength", maxLength, "a whole number from 0");
  if (maxLength === undefined && (strategy > 0 || padding)) {
    throw new ConfigError(`encode: ${padding ? "padding" : "truncation"} needs maxLength`);
  }
  if (padding && maxLength! > PADDED) throw wrong("maxLength", maxLength, `at most ${PADDED} with padding`);
  return {
    specials: addSpecialTokens,
    truncation: strategy,
    maxLength: Math.min(maxLength ?? 0, LONGEST),
    stride: stride && Math.min(stride, LONGEST),
    padTo: padding ? maxLength! : 0,
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const wrong = (name: string, got: unknown, want: string): ConfigError =>
  new ConfigError(`encode: ${name} is ${typeof got === "string" ? JSON.stringify(got) : String(got)}, not ${want}`);
