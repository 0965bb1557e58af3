import { ConfigError } from "../errors.js";
import { permutation } from "../random/philox.js";
import { streams } from "../random/streams.js";

/** How rows are parted. */
export interface SplitOptions {
  /** Each part's share; they are scaled to add up to 1. The first part gets at least one row of every label. */
  readonly shares: readonly number[];
  readonly seed: number;
}

/**
 * Row numbers of each part, ascending: a split that is stratified by label, in which rows of the same text (but for case and
 * white space) are kept together. It follows from texts, labels, shares and seed alone.
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
  // What each part lacks of its share so far: labels of few rows add up to the shares too.
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

/** What two texts have in common that are the same but for case, white space and composition. */
export const sameText = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

/** Groups of rows of one text, by the label of the group's first row; labels in the order of their appearance. */
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

/** Large groups first, as they fit in fewer places; those of one size in random order. */
function shuffled(groups: readonly number[][], seed: number, stratum: number): number[][] {
  const order = permutation(groups.length, seed, streams.split, stratum);
  return Array.from(order, (i) => groups[i]!).sort((a, b) => b.length - a.length);
}
