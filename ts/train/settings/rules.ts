import { ConfigError } from "../../errors.js";

/** What values a setting takes. */
export interface Rule {
  /** What a value must be, for messages: "a positive number". */
  readonly want: string;
  readonly fits: (value: unknown) => boolean;
  /** How the text of a flag is read. A flag of kind "boolean" has no text. */
  readonly kind: "number" | "text" | "boolean" | "pairs" | "list" | "numbers" | "stages";
  /** All values, if these are names. */
  readonly names?: readonly string[];
  /** What may stand in place of a number. */
  readonly word?: string;
}

const number = (want: string, fits: (n: number) => boolean): Rule => ({
  ...{ want, kind: "number" },
  fits: (value) => typeof value === "number" && Number.isFinite(value) && fits(value),
});

/** A whole number of at least `least`. */
export const whole = (least: number): Rule =>
  number(`a whole number of at least ${least}`, (n) => Number.isSafeInteger(n) && n >= least);

/** A number above 0. */
export const positive: Rule = number("a positive number", (n) => n > 0);

/** A number from 0. */
export const notNegative: Rule = number("a number of at least 0", (n) => n >= 0);

/** A number from 0 to 1. */
export const share: Rule = number("a number from 0 to 1", (n) => n >= 0 && n <= 1);

/** A number from 0 to 1, or "auto". */
export const shareOrAuto: Rule = {
  ...{ want: 'a number from 0 to 1 or "auto"', kind: "number", word: "auto" },
  fits: (value) => value === "auto" || share.fits(value),
};

/** A number from 0 to below 1. */
export const rate: Rule = number("a number from 0 to below 1", (n) => n >= 0 && n < 1);

/** What random numbers follow from. */
export const seed: Rule = { ...whole(0), want: "a whole number from 0 to 2^53 − 1" };

/** A number above 0, at most 1. */
export const scale: Rule = number("a number above 0, at most 1", (n) => n > 0 && n <= 1);

/** Yes or no. */
export const flag: Rule = { want: "true or false", kind: "boolean", fits: (value) => typeof value === "boolean" };

/** Any text. */
export const text: Rule = {
  ...{ want: "a text", kind: "text" },
  fits: (value) => typeof value === "string" && value !== "",
};

/** One of some names. */
export const oneOf = (names: readonly string[]): Rule => ({
  ...{ want: `one of ${names.join(", ")}`, kind: "text", names },
  fits: (value) => typeof value === "string" && names.includes(value),
});

/** Texts in a list; a flag has commas between. */
export const texts: Rule = {
  ...{ want: "a list of texts", kind: "list" },
  fits: (value) => Array.isArray(value) && value.every((one) => typeof one === "string" && one !== ""),
};

/** Different whole numbers from 0, ascending; a flag has commas between. */
export const numbers: Rule = {
  ...{ want: "a list of whole numbers from 0, ascending", kind: "numbers" },
  fits: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((n, i) => Number.isSafeInteger(n) && n >= 0 && (i === 0 || n > value[i - 1])),
};

/** "balanced", or a number per class. */
export const classWeights: Rule = {
  ...{ want: '"balanced", or numbers by class as in spam=5,ham=1', kind: "pairs" },
  fits: (value) =>
    value === "balanced" ||
    (typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one === "number")),
};

/** A setting of training: one entry gives its check, its default, its documentation and its flag. */
export interface Setting {
  readonly rule: Rule;
  /** What it does, as the help says it. */
  readonly help: string;
  /** What its value counts, for the help: "tokens". */
  readonly unit?: string;
  /** The value if it is not set; undefined where it follows from other things. */
  readonly default?: unknown;
  /** The help of the flag that turns it off, for a setting that is on by default. */
  readonly off?: string;
  /** The default in words, where it follows from other things. */
  readonly usually?: string;
}

/** The settings of an interface. */
export type Settings<T> = { readonly [K in keyof T]-?: Setting };

/** Settings of any interface. */
type Table = Readonly<Record<string, Setting>>;

/** Settings of a table, with the table's default for those that are not set. */
export type WithDefaults<T, S> = Pick<T, keyof T & keyof S> & {
  readonly [K in keyof T & keyof S as "default" extends keyof S[K] ? K : never]-?: NonNullable<T[K]>;
};

/** The settings of a table that are set, and its defaults for the others. */
export function withDefaults<T extends object, S extends Table>(given: T, table: S): WithDefaults<T, S> {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const value = (given as Record<string, unknown>)[name] ?? setting.default;
    if (value !== undefined) values[name] = value;
  }
  return values as WithDefaults<T, S>;
}

/**
 * Checks the settings that are set. Errors: ConfigError that names the setting, what it is and what it must be; for a number
 * given as text, that it is a string.
 */
export function checkSettings(where: string, given: object, table: Table): void {
  for (const [name, { rule }] of Object.entries(table)) {
    const value = (given as Record<string, unknown>)[name] ?? undefined;
    if (value === undefined || rule.fits(value)) continue;
    const is = typeof value === "string" ? shown(value, rule) : shortly(value);
    throw new ConfigError(`${where}${name} is ${is}, not ${rule.want}`);
  }
}

const shown = (value: string, { kind }: Rule): string =>
  kind === "number" ? `${JSON.stringify(value)}, a string` : JSON.stringify(value);

const shortly = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));
