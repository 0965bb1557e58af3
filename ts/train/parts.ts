/** A list cut into at most `count` parts of about the same length, none of them empty. */
export function inParts<T>(list: readonly T[], count: number): readonly (readonly T[])[] {
  const parts = Math.min(count, list.length);
  const at = (i: number) => Math.round((i * list.length) / parts);
  return Array.from({ length: parts }, (_, i) => list.slice(at(i), at(i + 1)));
}
