/** Whitespace as in Python's `str.split` and `str.strip`, which the reference metrics use; JavaScript's `\s` differs. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const RUNS = new RegExp(`[${SPACE}]+`);
const ONE = new RegExp(`[${SPACE}]`);

/** ASCII punctuation: Python's `string.punctuation`. */
export const PUNCTUATION: ReadonlySet<string> = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** Splits a text at whitespace. */
export const words = (text: string): string[] => text.split(RUNS).filter((word) => word !== "");

/** Removes whitespace at the end of a text. */
export function trimEnd(text: string): string {
  // Not a regular expression for the end: it would try every run of whitespace in the text, from each of its characters.
  let end = text.length;
  while (end > 0 && ONE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** Removes whitespace at both ends of a text. */
export function trim(text: string): string {
  let start = 0;
  while (start < text.length && ONE.test(text[start]!)) start++;
  return trimEnd(text.slice(start));
}

/** Counts n-grams of items; the items are joined by a character that does not occur in words. */
export function ngrams(items: readonly string[], n: number, joint = " "): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= items.length; i++) {
    const key = items.slice(i, i + n).join(joint);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The intersection of two counts: the sum of the minimums. */
export function common(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [key, count] of a) sum += Math.min(count, b.get(key) ?? 0);
  return sum;
}
