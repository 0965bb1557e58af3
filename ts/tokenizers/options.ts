import { ConfigError } from "../errors.js";
import type { Names } from "../options.js";

/** Which text is cut: the longer one piece by piece, or always the one named. `true` is `longest_first`. */
export type Truncation = "longest_first" | "only_first" | "only_second";

/** What `encodeBatch` takes, and `encode` among others. */
export interface BatchOptions {
  /**
   * Adds `[CLS]`, `[SEP]` and the like.
   * @default true
   */
  readonly addSpecialTokens?: boolean | undefined;
  /**
   * Pieces at most, special tokens included; counts where `truncation` or `padding` is asked for. Default: the tokenizer's
   * `modelMaxLength`.
   */
  readonly maxLength?: number | undefined;
  /**
   * Which text is cut to `maxLength`.
   * @default false, nothing is cut
   */
  readonly truncation?: Truncation | boolean | undefined;
}

/** What `encode` takes. Names and values are those of transformers. */
export interface EncodeOptions extends BatchOptions {
  /** A second text, behind the first. */
  readonly pair?: string | undefined;
  /** Gives the further windows of a text that was cut as `overflow`; they share this many pieces with the one before. */
  readonly stride?: number | undefined;
  /**
   * `"max_length"`: fills up to `maxLength`.
   * @default false
   */
  readonly padding?: "max_length" | false | undefined;
}

/** What `encodeBatch` takes. */
export interface EncodeBatchOptions extends BatchOptions {
  /** Second texts, one for each first. */
  readonly pairs?: readonly string[] | undefined;
}

/** What `decode` takes. */
export interface DecodeOptions {
  /**
   * Leaves `[CLS]`, `[SEP]` and the like out.
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
  /** Undefined: no windows. */
  readonly stride: number | undefined;
  /** 0: none. */
  readonly padTo: number;
}

const STRATEGIES = ["longest_first", "only_first", "only_second"] as const;
const LONGEST = 2 ** 30; // a length that no text reaches
const PADDED = 2 ** 24; // a text padded to more would not fit into memory

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
