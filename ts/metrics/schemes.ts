import { ConfigError, DataError } from "../errors.js";
import type { Entity } from "./chunks.js";

/** Tagging schemes, with seqeval's names. */
export type EntityScheme = "IOB1" | "IOB2" | "IOE1" | "IOE2" | "IOBES" | "BILOU";

/** A rule for two neighboring tags: prefixes of the first, prefixes of the second, and how their types compare. */
type Rule = readonly [previous: string, prefix: string, types: "same" | "other" | "any"];

interface Scheme {
  /** Valid prefixes. */
  readonly prefixes: string;
  /** An entity starts at the second tag. */
  readonly start: readonly Rule[];
  /** An entity continues with the second tag. */
  readonly inside: readonly Rule[];
  /** An entity ends before the second tag. */
  readonly end: readonly Rule[];
}

const ALL = "IOBESUL";

/** A scheme with prefixes for the last token of an entity and for an entity of one token. */
const bounded = (last: string, single: string): Scheme => ({
  prefixes: `BIO${last}${single}`,
  start: [[ALL, `B${single}`, "any"]],
  inside: [["BI", `I${last}`, "same"]],
  end: [[`${last}${single}`, ALL, "any"]],
});

/** Rules of seqeval 1.2.2. Some for ill-formed sequences are missing there, and so they are here: the scores must agree. */
const schemes: Readonly<Record<EntityScheme, Scheme>> = {
  IOB1: {
    prefixes: "IOB",
    start: [
      ["OB", "I", "any"],
      ["I", "I", "other"],
      ["IB", "B", "same"],
    ],
    inside: [["BI", "I", "same"]],
    end: [
      ["I", "OB", "any"],
      ["B", "O", "any"],
      ["BI", "I", "other"],
      ["B", "B", "same"],
    ],
  },
  IOB2: {
    prefixes: "IOB",
    start: [[ALL, "B", "any"]],
    inside: [["BI", "I", "same"]],
    end: [
      ["BI", "OB", "any"],
      ["BI", "I", "other"],
    ],
  },
  IOE1: {
    prefixes: "IOE",
    start: [
      ["OE", "I", "any"],
      ["I", "I", "other"],
      ["E", "E", "same"],
    ],
    inside: [["I", "IE", "same"]],
    end: [
      ["I", "IE", "other"],
      ["I", "O", "any"],
      ["E", "IE", "same"],
    ],
  },
  IOE2: {
    prefixes: "IOE",
    start: [
      ["OE", "IE", "any"],
      ["I", "IE", "other"],
    ],
    inside: [["I", "IE", "same"]],
    end: [["E", ALL, "any"]],
  },
  IOBES: bounded("E", "S"),
  BILOU: bounded("L", "U"),
};

interface Tag {
  readonly prefix: string;
  readonly type: string;
}

const OUTSIDE: Tag = { prefix: "O", type: "_" };

const holds = (rules: readonly Rule[], previous: Tag, tag: Tag): boolean =>
  rules.some(
    ([before, after, types]) =>
      before.includes(previous.prefix) &&
      after.includes(tag.prefix) &&
      (types === "any" || (previous.type === tag.type) === (types === "same")),
  );

/** The prefix and the type of a tag, without hyphens around the type. Errors: DataError for an invalid prefix. */
function parted(tag: string, suffix: boolean, prefixes: string, where: () => string): Tag {
  const prefix = suffix ? tag.at(-1)! : tag[0]!;
  if (!prefixes.includes(prefix))
    throw new DataError(
      `${where()} is ${JSON.stringify(tag)}; expected one of ${[...prefixes].join(", ")} with a type`,
    );
  const type = (suffix ? tag.slice(0, -1) : tag.slice(1)).replace(/^-+|-+$/g, "");
  return { prefix, type: type || "_" };
}

/** Entities that follow a scheme. Errors: DataError for a prefix that the scheme does not have. */
export function strictEntities(
  sequences: readonly (readonly string[])[],
  name: EntityScheme,
  suffix: boolean,
  where: string,
): Entity[] {
  const scheme = schemes[name];
  return sequences.flatMap((tags, row) => {
    const parts = tags.map((tag, i) => parted(tag, suffix, scheme.prefixes, () => `${where}[${row}][${i}]`));
    return entitiesOf([...parts, OUTSIDE], scheme).map(({ type, place }) => ({ type, place: `${row}:${place}` }));
  });
}

function entitiesOf(tags: readonly Tag[], { start, inside, end }: Scheme): Entity[] {
  const found: Entity[] = [];
  for (let i = 0; i < tags.length; ) {
    const begin = i++;
    const tag = tags[begin]!;
    if (!holds(start, tags[begin - 1] ?? OUTSIDE, tag)) continue;
    while (holds(inside, tags[i - 1]!, tags[i]!)) i++;
    if (holds(end, tags[i - 1]!, tags[i]!)) found.push({ type: tag.type, place: `${begin}-${i}` });
  }
  return found;
}

/** Sets of prefixes, without O, by which a scheme is detected. */
const byPrefixes: readonly (readonly [EntityScheme, readonly string[]])[] = [
  ["IOB2", ["B", "BI"]],
  ["IOE2", ["E", "EI"]],
  ["IOBES", ["BEIS", "BEI", "BES", "BE"]],
  ["BILOU", ["BILU", "BIL", "BLU", "BL"]],
];

/** Detects the scheme of tags. Errors: ConfigError if the prefixes match none, DataError for an unknown prefix. */
export function schemeOf(sequences: readonly (readonly string[])[], suffix: boolean, where: string): EntityScheme {
  const found = new Set<string>();
  for (const [row, tags] of sequences.entries())
    for (const [i, tag] of tags.entries()) found.add(parted(tag, suffix, ALL, () => `${where}[${row}][${i}]`).prefix);
  const prefixes = [...found].sort().join("");
  // S or U alone is detected only without O.
  if (prefixes === "S") return "IOBES";
  if (prefixes === "U") return "BILOU";
  const name = byPrefixes.find(([, sets]) => sets.includes(prefixes.replace("O", "")))?.[0];
  if (name) return name;
  const names = Object.keys(schemes).join(", ");
  throw new ConfigError(
    `entityF1: the prefixes ${[...found].join(", ") || "(none)"} match no scheme; give one of ${names}`,
  );
}

/** Errors: ConfigError for an unknown scheme. */
export function checkScheme(name: string): asserts name is EntityScheme {
  if (!Object.hasOwn(schemes, name))
    throw new ConfigError(`entityF1: scheme is ${name}, not one of ${Object.keys(schemes).join(", ")}`);
}
