/** An entity in a sequence of tags. */
export interface Entity {
  readonly type: string;
  /** Where it begins and where it ends, in a text that is the same for the same place: two entities are one if all is. */
  readonly place: string;
}

/** A tag's first or last character, and the type that the rest names; `_` where it names none. */
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
 * The entities of sequences of tags as `conlleval` has them, whatever the scheme: an entity begins at B and S, and at any tag
 * whose type is another one than the tag's before it. Sequences are read as one, with an O behind each.
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
  // The whole list has an O behind it too.
  take("O");
  return found;
}

const isOutside = (prefix: string): boolean => prefix === "O" || prefix === ".";

/** Whether an entity ends before a tag. */
const ends = (previous: string, prefix: string, isOther: boolean): boolean =>
  previous === "E" ||
  previous === "S" ||
  ((previous === "B" || previous === "I") && ["B", "S", "O"].includes(prefix)) ||
  (!isOutside(previous) && isOther);

/** Whether an entity begins at a tag. */
const begins = (previous: string, prefix: string, isOther: boolean): boolean =>
  prefix === "B" ||
  prefix === "S" ||
  (["E", "S", "O"].includes(previous) && (prefix === "E" || prefix === "I")) ||
  (!isOutside(prefix) && isOther);
