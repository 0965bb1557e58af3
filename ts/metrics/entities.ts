import { ConfigError, DataError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { type Entity, lenientEntities } from "./chunks.js";
import type { F1Scores } from "./multiLabel.js";
import { ratio, samePairs } from "./pairs.js";
import { checkScheme, type EntityScheme, schemeOf, strictEntities } from "./schemes.js";

/** Options of {@link entityF1}. */
export interface EntityF1Options {
  /**
   * `strict` counts only entities that follow the scheme. Default: entities are found as `conlleval` finds them, in
   * ill-formed sequences too.
   */
  readonly mode?: "strict" | undefined;
  /**
   * Scheme of the tags, for `mode: "strict"`. Default: detected from the prefixes of the labels (IOB2, IOE2, IOBES or
   * BILOU).
   */
  readonly scheme?: EntityScheme | undefined;
  /** Whether tags end with B, I, … (`PER-B`) instead of starting with it. Default: false. */
  readonly suffix?: boolean | undefined;
}

const OPTIONS: Names<EntityF1Options> = { mode: true, scheme: true, suffix: true };

/** Scores of one entity type. */
export interface EntityReport extends F1Scores {
  /** The type in the tags; `_` for tags without one. */
  readonly type: string;
  /** Number of entities of the type in the labels. */
  readonly support: number;
}

/** Scores of tagged entities; precision, recall and F1 are micro averages. */
export interface EntityScores extends F1Scores {
  /** Fraction of the tags that equal the label, 0 … 1. */
  readonly accuracy: number;
  /** Each type in predictions or labels, sorted. */
  readonly perEntity: readonly EntityReport[];
}

/**
 * Precision, recall and F1 of entities, 0 … 1, as computed by seqeval 1.2.2: an entity is right if its type, its first and
 * its last tag are right. Totals are micro averages; a division by zero gives 0. `predictions` and `labels` are sequences
 * of tags such as `B-PER`, `I-PER` and `O`. Errors: ShapeError if lengths differ or there are no sequences, DataError for
 * an empty tag and, in strict mode, for a tag that the scheme does not have, ConfigError for an invalid option.
 */
export function entityF1(
  predictions: readonly (readonly string[])[],
  labels: readonly (readonly string[])[],
  options: EntityF1Options = {},
): EntityScores {
  checkOptions("entityF1", options, OPTIONS);
  const { mode, scheme, suffix = false } = options;
  if (mode !== undefined && mode !== "strict") throw new ConfigError(`entityF1: mode is ${mode}; expected strict`);
  if (scheme !== undefined) checkScheme(scheme);
  if (scheme !== undefined && mode === undefined)
    throw new ConfigError('entityF1: scheme needs mode: "strict"; without it, entities of all schemes are found');
  const accuracy = tagAccuracy(predictions, labels);
  const counts = countEntities(...entities(predictions, labels, options, suffix));
  const total: Counts = { hits: 0, predicted: 0, actual: 0 };
  for (const one of counts.values()) {
    total.hits += one.hits;
    total.predicted += one.predicted;
    total.actual += one.actual;
  }
  const perEntity = [...counts].sort(([a], [b]) => byCodePoints(a, b));
  return {
    ...scores(total),
    accuracy,
    perEntity: perEntity.map(([type, one]) => ({ type, ...scores(one), support: one.actual })),
  };
}

type Sequences = readonly (readonly string[])[];

function entities(
  predictions: Sequences,
  labels: Sequences,
  { mode, scheme }: EntityF1Options,
  suffix: boolean,
): [predicted: readonly Entity[], actual: readonly Entity[]] {
  if (mode === undefined) return [lenientEntities(predictions, suffix), lenientEntities(labels, suffix)];
  const used = scheme ?? schemeOf(labels, suffix, "entityF1: labels");
  return [
    strictEntities(predictions, used, suffix, "entityF1: predictions"),
    strictEntities(labels, used, suffix, "entityF1: labels"),
  ];
}

/** Fraction of the tags that are right; 0 without tags. Checks the lists. */
function tagAccuracy(predictions: Sequences, labels: Sequences): number {
  samePairs("entityF1", predictions, labels);
  let [right, all] = [0, 0];
  for (const [row, tags] of labels.entries()) {
    const own = predictions[row]!;
    if (own.length !== tags.length)
      throw new ShapeError(`entityF1: predictions[${row}]`, own.length, `${tags.length} tags, as labels[${row}]`);
    for (const [i, tag] of tags.entries()) {
      if (typeof tag !== "string" || tag === "") throw noTag(`labels[${row}][${i}]`, tag);
      if (typeof own[i] !== "string" || own[i] === "") throw noTag(`predictions[${row}][${i}]`, own[i]);
      if (own[i] === tag) right++;
    }
    all += tags.length;
  }
  return ratio(right, all);
}

const noTag = (where: string, tag: unknown): DataError =>
  new DataError(`entityF1: ${where} is ${JSON.stringify(tag)}; expected a tag such as "B-PER" or "O"`);

interface Counts {
  hits: number;
  predicted: number;
  actual: number;
}

/** Counts of entities by type: predicted, actual, and both. */
function countEntities(predicted: readonly Entity[], actual: readonly Entity[]): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  const places = (list: readonly Entity[]) => {
    const byType = new Map<string, Set<string>>();
    for (const { type, place } of list) {
      byType.set(type, (byType.get(type) ?? new Set()).add(place));
      counts.set(type, { hits: 0, predicted: 0, actual: 0 });
    }
    return byType;
  };
  const [mine, theirs] = [places(predicted), places(actual)];
  for (const [type, one] of counts) {
    const [a, b] = [mine.get(type) ?? new Set<string>(), theirs.get(type) ?? new Set<string>()];
    one.predicted = a.size;
    one.actual = b.size;
    for (const place of a) if (b.has(place)) one.hits++;
  }
  return counts;
}

const scores = ({ hits, predicted, actual }: Counts): F1Scores => ({
  precision: ratio(hits, predicted),
  recall: ratio(hits, actual),
  f1: ratio(2 * hits, predicted + actual),
});

/** Order by code points, as Python sorts strings. */
function byCodePoints(a: string, b: string): number {
  const [as, bs] = [[...a], [...b]];
  const i = as.findIndex((character, at) => character !== bs[at]);
  return i < 0 ? as.length - bs.length : (as[i]?.codePointAt(0) ?? -1) - (bs[i]?.codePointAt(0) ?? -1);
}
