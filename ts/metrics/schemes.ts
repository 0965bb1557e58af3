import { ConfigError, DataError } from "../errors.js";
import type { Entity } from "./chunks.js";

/** Schemes of tags that strict scores know, by seqeval's names. */
export type EntityScheme = "IOB1" | "IOB2" | "IOE1" | "IOE2" | "IOBES" | "BILOU";

/** Of two tags: prefixes that the first may have, those of the second, and what their types must be. */
type Rule = readonly [previous: string, prefix: string, types: "same" | "other" | "any"];

interface Scheme {
  /** Prefixes that tags may have. */
  readonly prefixes: string;
  /** Where an entity begins at the second tag, … */
  readonly start: readonly Rule[];
  /** … goes on with it, … */
  readonly inside: readonly Rule[];
  /** … or ends before it. */
  readonly end: readonly Rule[];
}

const ALL = "IOBESUL";

/** Schemes with a tag of their own for an entity's end and for an entity of one token. */
const bounded = (last: string, single: string): Scheme => ({
  prefixes: `BIO${last}${single}`,
  start: [[ALL, `B${single}`, "any"]],
  inside: [["BI", `I${last}`, "same"]],
  end: [[`${last}${single}`, ALL, "any"]],
});

/** The schemes as seqeval 1.2.2 writes them, where some rules for ill-formed sequences are missing: its values are what is compared. */
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

/** A tag's prefix and type, where dashes around the type do not count. Errors: DataError for another prefix than `prefixes`. */
function parted(tag: string, suffix: boolean, prefixes: string, where: () => string): Tag {
  const prefix = suffix ? tag.at(-1)! : tag[0]!;
  if (!prefixes.includes(prefix))
    throw new DataError(
      `${where()} is ${JSON.stringify(tag)}; expected one of ${[...prefixes].join(", ")} with a type`,
    );
  const type = (suffix ? tag.slice(0, -1) : tag.slice(1)).replace(/^-+|-+$/g, "");
  return { prefix, type: type || "_" };
}

/** The entities of sequences of tags that follow a scheme; those that do not are none. Errors: DataError for a prefix it does not have. */
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

/** Prefixes of a file's tags, `O` left aside, that tell its scheme. */
const told: readonly (readonly [EntityScheme, readonly string[]])[] = [
  ["IOB2", ["B", "BI"]],
  ["IOE2", ["E", "EI"]],
  ["IOBES", ["BEIS", "BEI", "BES", "BE"]],
  ["BILOU", ["BILU", "BIL", "BLU", "BL"]],
];

/** The scheme that tags have by their prefixes. Errors: ConfigError where none is told, DataError for a prefix of no scheme. */
export function schemeOf(sequences: readonly (readonly string[])[], suffix: boolean, where: string): EntityScheme {
  const found = new Set<string>();
  for (const [row, tags] of sequences.entries())
    for (const [i, tag] of tags.entries()) found.add(parted(tag, suffix, ALL, () => `${where}[${row}][${i}]`).prefix);
  const prefixes = [...found].sort().join("");
  // A lone S or U is told only where no O stands beside it.
  if (prefixes === "S") return "IOBES";
  if (prefixes === "U") return "BILOU";
  const name = told.find(([, sets]) => sets.includes(prefixes.replace("O", "")))?.[0];
  if (name) return name;
  const names = Object.keys(schemes).join(", ");
  throw new ConfigError(
    `entityF1: the prefixes ${[...found].join(", ") || "(none)"} tell no scheme; name one of ${names}`,
  );
}

/** Refuses a name that is not a scheme's. */
export function checkScheme(name: string): asserts name is EntityScheme {
  if (!Object.hasOwn(schemes, name))
    throw new ConfigError(`entityF1: scheme is ${name}, not one of ${Object.keys(schemes).join(", ")}`);
}
