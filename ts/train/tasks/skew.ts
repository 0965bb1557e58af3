/** What is more frequent than even shares by this factor is skewed: of two classes 75 % of the rows, of three 50 %, of five 30 %. */
const SKEW = 1.5;

/** Classes whose rows differ much in number. */
export interface Skew {
  /** The id of the most frequent class. */
  readonly most: number;
  /** Its share of the rows, 0 … 1. */
  readonly share: number;
}

/**
 * The most frequent class, if it has at least {@link SKEW} times the share that equal classes would have: a model that predicts nothing else
 * then has a high accuracy. `ids`: the class of each row.
 */
export function skewOf(ids: readonly number[], classes: number): Skew | undefined {
  const counts = new Float64Array(classes);
  for (const id of ids) counts[id]!++;
  const most = counts.indexOf(Math.max(...counts));
  const share = counts[most]! / ids.length;
  return isSkewed(share, classes) ? { most, share } : undefined;
}

/** Whether the most frequent class has so large a share of the rows. */
export const isSkewed = (share: number, classes: number): boolean => share * classes >= SKEW;

/** Why a run chooses its best epoch by Matthews' correlation, and which class F1 is of, in lines. */
export function skewLines({ most, share }: Skew, names: readonly string[], isOrderSet: boolean): string[] {
  const shown = JSON.stringify(names[most]);
  const lines = [
    `${(100 * share).toFixed(share > 0.99 ? 1 : 0)} % of the rows have the label ${shown}: the best epoch is chosen by Matthews' correlation, not ` +
      "by accuracy (metric, --metric)",
  ];
  if (names.length !== 2 || most === 0 || isOrderSet) return lines;
  const [rare, usual] = names;
  return [
    ...lines,
    `F1, precision and recall are those of ${shown}; for those of ${JSON.stringify(rare)}, name it second (labelNames, --label-names ${usual},${rare})`,
  ];
}
