import { ConfigError, DataError, ShapeError } from "../../errors.js";
import { samePairs } from "../pairs.js";

/** One or several references for each hypothesis; null or undefined where one is missing, which is not an empty reference. */
export type References = readonly (readonly (string | null | undefined)[])[];

/** Checked hypotheses and references. */
interface Checked {
  /** The references of each hypothesis that are there, at least one. */
  readonly references: readonly (readonly string[])[];
  /** How many each hypothesis has, as signatures have it: `var` where they differ. */
  readonly count: number | "var";
}

/** Errors: ShapeError for another number of lists of references, DataError for what is not a text and for a hypothesis without references. */
export function checkTexts(metric: string, hypotheses: readonly string[], references: References): Checked {
  samePairs(metric, hypotheses, references);
  const present = references.map((own, i) => {
    checkText(`${metric}: hypothesis ${i}`, hypotheses[i]);
    if (!Array.isArray(own)) throw new ShapeError(`${metric}: references[${i}]`, typeof own, "a list of references");
    const there = own.filter((text) => text !== null && text !== undefined);
    if (there.length === 0) throw new DataError(`${metric}: references[${i}] has 0 texts; expected at least 1`);
    for (const text of there) checkText(`${metric}: a reference of hypothesis ${i}`, text);
    return there;
  });
  const counts = new Set(present.map(({ length }) => length));
  return { references: present, count: counts.size === 1 ? present[0]!.length : "var" };
}

function checkText(where: string, text: unknown): void {
  if (typeof text !== "string") throw new DataError(`${where} is ${text === null ? "null" : typeof text}, not a text`);
}

/** Errors: ConfigError for an order of n-grams that is not a whole number, or less than `least`. */
export function checkOrder(where: string, order: number, least: number): void {
  if (!Number.isSafeInteger(order) || order < least)
    throw new ConfigError(`${where} is ${order}, not a whole number of at least ${least}`);
}

/** Errors: ConfigError for what is neither true nor false. */
export function checkFlags(where: string, flags: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(flags))
    if (typeof value !== "boolean") throw new ConfigError(`${where}: ${name} is ${String(value)}, not true or false`);
}
