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
    const meant = candidates.find((name) => distance(got, name, FEW) <= FEW);
    if (meant) return { got, meant };
  }
  return undefined;
}

/** A short name has few letters to be recognized by. */
const mostOf = (name: string): number => (name.length < 6 ? 1 : FEW);

/** The known name that `got` most likely stands for: in another case, with a few other letters, or with more behind it. */
export function nearest(got: string, known: readonly string[]): string | undefined {
  const plain = (name: string) => name.replace(/[-_]/g, "").toLowerCase();
  const wanted = plain(got.slice(0, 100));
  const close = known
    .map((name) => ({ name, away: distance(wanted, plain(name), mostOf(name)) }))
    .filter(({ name, away }) => away <= mostOf(name))
    .sort((a, b) => a.away - b.away);
  return close[0]?.name ?? known.find((name) => name.length > 3 && wanted.startsWith(plain(name)));
}

/**
 * Insertions, deletions and replacements that turn `a` into `b`, and swaps of neighbors (optimal string alignment). Names whose
 * lengths differ by more than `most` are not compared: the time does not grow with the length of what was typed.
 */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1, swapped ? before[j - 2]! + 1 : replaced));
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length]!;
}
