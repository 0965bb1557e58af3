import type { Row } from "../../data/values.js";

/** Different numbers up to which labels may be classes: grades, stars, points from 0 to 10. */
const FEW_NUMBERS = 11;
/** Rows per different number below which these are hardly ids of classes. */
const ROWS_PER_ID = 4;
/** Share of the rows whose labels hold a separator, from which it may part several labels. */
const PARTED = 0.1;

/** A line that says which other task the labels of `classify` look like, and how to ask for it; undefined for classes. */
export function suggestionFor(rows: readonly Row[], label: string): string | undefined {
  const labels = textsOf(rows, label);
  if (areValues(labels))
    return `the labels are ${new Set(labels).size} different numbers: if these are values and not classes, set task "regress" (--task regress)`;
  const parted = partedLabel(labels);
  if (parted === undefined) return undefined;
  const { separator, example } = parted;
  return (
    `labels such as ${example} look like several labels per text: if they are, set task "multilabel" and labelSeparator ` +
    `"${separator}" (--task multilabel --label-separator '${separator}')`
  );
}

/** A line for `multilabel` without a separator, if one seems to be in the labels. */
export function separatorFor(rows: readonly Row[], label: string): string | undefined {
  const parted = partedLabel(textsOf(rows, label));
  return (
    parted &&
    `labels such as ${parted.example} are one label each without labelSeparator "${parted.separator}" (--label-separator '${parted.separator}')`
  );
}

const textsOf = (rows: readonly Row[], label: string): string[] =>
  rows
    .map(({ values }) => values[label])
    .filter((one) => typeof one !== "object" || one === null)
    .map((one) => String(one ?? "").trim())
    .filter((one) => one !== "" && !one.startsWith("["));

/** What seems to part labels, and one of these. */
function partedLabel(labels: readonly string[]): { readonly separator: string; readonly example: string } | undefined {
  const separator = [";", "|", ","].find((one) => isParting(labels, one));
  if (separator === undefined) return undefined;
  const example = labels.find((one) => one.includes(separator))!;
  return { separator, example: JSON.stringify(example.slice(0, 60)) };
}

/**
 * Whether labels are numbers that measure something: too many for a scale, and not the ids of classes, which leave no number between 0 or 1 and the
 * last one out and have several rows each.
 */
function areValues(labels: readonly string[]): boolean {
  const numbers = new Set(labels.map(Number));
  if (numbers.size <= FEW_NUMBERS || ![...numbers].every(Number.isFinite)) return false;
  const [least, most] = [...numbers].reduce(
    ([least, most], one) => [Math.min(least!, one), Math.max(most!, one)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ) as [number, number];
  const areIds = (least === 0 || least === 1) && most - least === numbers.size - 1;
  return !areIds || labels.length < ROWS_PER_ID * numbers.size;
}

/**
 * Whether a separator parts labels into few that combine: there are not more parts than labels, most parts are in several labels, and these have
 * different numbers of parts or the same part in different places. "Paris, France" and "0,5" are one label each.
 */
function isParting(labels: readonly string[], separator: string): boolean {
  if (labels.filter((one) => one.includes(separator)).length < PARTED * labels.length) return false;
  const different = [...new Set(labels)].map((one) => one.split(separator).map((part) => part.trim()));
  const widths = new Set(different.map(({ length }) => length));
  if (separator === "," && Math.max(...widths) === 2 && different.flat().every((part) => /^\d+$/.test(part)))
    return false;
  const places = new Map<string, number[]>();
  for (const parts of different)
    for (const [place, part] of parts.entries()) places.set(part, [...(places.get(part) ?? []), place]);
  const lists = [...places.values()];
  const shared = lists.filter(({ length }) => length > 1).length;
  const combine = widths.size > 1 || lists.some((own) => own.some((place) => place !== own[0]));
  return combine && !places.has("") && places.size <= different.length && 2 * shared > places.size;
}
