import { ConfigError } from "../errors.js";
import { permutation } from "../random/philox.js";
import { streams } from "../random/streams.js";

/** Options of a split. */
export interface SplitOptions {
  /** The share of each part; shares are scaled to sum to 1. The first part gets at least one row of every label. */
  readonly shares: readonly number[];
  readonly seed: number;
}

/**
 * Splits rows stratified by label; returns the row numbers of each part, ascending. Rows of the same text (except for case and
 * whitespace) stay together. The split depends only on texts, labels, shares and seed.
 */
export function split(
  texts: readonly string[],
  labels: readonly (string | number)[],
  { shares, seed }: SplitOptions,
): number[][] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (!(total > 0) || shares.some((share) => !(share >= 0)))
    throw new ConfigError(`shares are ${shares.join(", ")}, not positive numbers`);
  const parts: number[][] = shares.map(() => []);
  // How much each part still lacks of its share: rare labels add up to the shares too.
  const lacking = shares.map(() => 0);
  for (const [stratum, groups] of strata(texts, labels).entries()) {
    const rows = groups.reduce((sum, group) => sum + group.length, 0);
    for (const [p, share] of shares.entries()) lacking[p]! += (share / total) * rows;
    for (const [i, group] of shuffled(groups, seed, stratum).entries()) {
      const part = i === 0 ? 0 : lacking.indexOf(Math.max(...lacking));
      for (const row of group) parts[part]!.push(row);
      lacking[part]! -= group.length;
    }
  }
  return parts.map((part) => part.sort((a, b) => a - b));
}

/**
 * Deals rows into `count` folds of about the same size, each with about the same share of every label; returns the row numbers of each fold,
 * ascending. Rows of the same text (except for case and whitespace) are in one fold. The folds depend only on texts, labels, their
 * number and the seed.
 */
export function folds(
  texts: readonly string[],
  labels: readonly (string | number)[],
  { count, seed }: { readonly count: number; readonly seed: number },
): number[][] {
  const parts: number[][] = Array.from({ length: count }, () => []);
  for (const [stratum, groups] of strata(texts, labels).entries()) {
    const own = new Array<number>(count).fill(0);
    for (const group of shuffled(groups, seed, stratum)) {
      const part = fewest(own, parts);
      parts[part]!.push(...group);
      own[part]! += group.length;
    }
  }
  return parts.map((part) => part.sort((a, b) => a - b));
}

/** The fold with the fewest rows of a label; of these, the smallest one. */
function fewest(own: readonly number[], parts: readonly (readonly number[])[]): number {
  let best = 0;
  for (const [part, rows] of own.entries())
    if (rows < own[best]! || (rows === own[best] && parts[part]!.length < parts[best]!.length)) best = part;
  return best;
}

/** A key that is equal for texts that differ only in case, whitespace and composition. */
export const sameText = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

/** Groups of rows with the same text, by the label of the group's first row; labels in order of appearance. */
function strata(texts: readonly string[], labels: readonly (string | number)[]): number[][][] {
  const groups = new Map<string, number[]>();
  for (const [row, text] of texts.entries()) {
    const key = sameText(text);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const byLabel = new Map<string | number, number[][]>();
  for (const group of groups.values()) {
    const label = labels[group[0]!]!;
    const stratum = byLabel.get(label);
    if (stratum) stratum.push(group);
    else byLabel.set(label, [group]);
  }
  return [...byLabel.values()];
}

/** Sorts large groups first, since they fit in fewer parts; groups of equal size are shuffled. */
function shuffled(groups: readonly number[][], seed: number, stratum: number): number[][] {
  const order = permutation(groups.length, seed, streams.split, stratum);
  return Array.from(order, (i) => groups[i]!).sort((a, b) => b.length - a.length);
}
