/** An entity in a sequence of tags. */
export interface Entity {
  readonly type: string;
  /** Start and end as a string; equal strings are the same place. */
  readonly place: string;
}

/** The prefix of a tag (its first or last character) and its type; `_` without one. */
function parted(tag: string, suffix: boolean): [prefix: string, type: string] {
  if (suffix) {
    const [prefix] = /.$/su.exec(tag)!;
    const rest = tag.slice(0, -prefix.length);
    const dash = rest.lastIndexOf("-");
    return [prefix, (dash < 0 ? rest : rest.slice(0, dash)) || "_"];
  }
  const [prefix] = /^./su.exec(tag)!;
  const rest = tag.slice(prefix.length);
  return [prefix, rest.slice(rest.indexOf("-") + 1) || "_"];
}

/**
 * The entities of sequences of tags as `conlleval` finds them, in any scheme: an entity starts at B and S, and at a tag
 * whose type differs from the one before. The sequences are read as one, with an O after each.
 */
export function lenientEntities(sequences: readonly (readonly string[])[], suffix: boolean): Entity[] {
  const found: Entity[] = [];
  let [previous, previousType, begin, at] = ["O", "", 0, 0];
  const take = (tag: string) => {
    const [prefix, type] = parted(tag, suffix);
    if (ends(previous, prefix, previousType !== type)) found.push({ type: previousType, place: `${begin}-${at}` });
    if (begins(previous, prefix, previousType !== type)) begin = at;
    [previous, previousType] = [prefix, type];
    at++;
  };
  for (const tags of sequences) {
    for (const tag of tags) take(tag);
    take("O");
  }
  // One more O after the whole list, as in seqeval.
  take("O");
  return found;
}

const isOutside = (prefix: string): boolean => prefix === "O" || prefix === ".";

/** Whether an entity ends between two tags. */
const ends = (previous: string, prefix: string, isOther: boolean): boolean =>
  previous === "E" ||
  previous === "S" ||
  ((previous === "B" || previous === "I") && ["B", "S", "O"].includes(prefix)) ||
  (!isOutside(previous) && isOther);

/** Whether an entity starts at the second of two tags. */
const begins = (previous: string, prefix: string, isOther: boolean): boolean =>
  prefix === "B" ||
  prefix === "S" ||
  (["E", "S", "O"].includes(previous) && (prefix === "E" || prefix === "I")) ||
  (!isOutside(prefix) && isOther);
