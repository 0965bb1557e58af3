/** A name that is no known one but is within two letters of a known one that is not given, as a typing mistake would be. */
export function misspelt(
  given: readonly string[],
  known: readonly string[],
): { got: string; meant: string } | undefined {
  for (const got of given) {
    if (known.includes(got)) continue;
    const meant = known.find((name) => !given.includes(name) && name.length > 4 && distance(got, name) <= 2);
    if (meant) return { got, meant };
  }
  return undefined;
}

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
