import type { Rule } from "./rules.js";

/** A part of a run: windows of one length. */
export interface Stage {
  /** Tokens of a window. */
  readonly maxLength: number;
  /** Windows per step. */
  readonly batch: number;
  /** Steps. */
  readonly steps: number;
}

/** Least values: two special tokens, and two to tell apart. */
const LEAST: Readonly<Record<keyof Stage, number>> = { maxLength: 4, batch: 1, steps: 1 };

const isStage = (value: unknown): value is Stage =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).length === 3 &&
  Object.entries(LEAST).every(([name, least]) => {
    const number = (value as Record<string, unknown>)[name];
    return Number.isSafeInteger(number) && (number as number) >= least;
  });

/** Stages in a list; a flag has LENGTHxBATCHxSTEPS with commas between. */
export const stages: Rule = {
  want: "a list of { maxLength (4 or more), batch, steps }, or 512x16x2000,1536x8x500 (length x batch x steps)",
  kind: "stages",
  fits: (value) => Array.isArray(value) && value.length > 0 && value.every(isStage),
};

/** Reads a flag; what is not of its form stays as it is. */
export function readStages(text: string): unknown {
  const parts = text.split(",").map((part) => /^\s*(\d+)\s*[x×]\s*(\d+)\s*[x×]\s*(\d+)\s*$/.exec(part));
  if (parts.includes(null)) return text;
  return parts.map((part) => ({ maxLength: Number(part![1]), batch: Number(part![2]), steps: Number(part![3]) }));
}
