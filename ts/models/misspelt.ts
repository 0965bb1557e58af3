/** Letters that a misspelling may differ by. */
const FEW = 2;
/** Names that are looked at: nobody misspells more, and a hostile file may have any number. */
const MOST_NAMES = 1000;

/** A name that is not known but is within two letters of a known one that is not given, as a typing mistake would be. */
export function misspelt(
  given: readonly string[],
  known: readonly string[],
): { got: string; meant: string } | undefined {
  const [names, all] = [new Set(given), new Set(known)];
  const candidates = known.filter((name) => !names.has(name) && name.length > 4);
  for (const got of given.filter((name) => !all.has(name)).slice(0, MOST_NAMES)) {
    const meant = candidates.find((name) => Math.abs(got.length - name.length) <= FEW && distance(got, name) <= FEW);
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
