import type { Moments } from "../../metrics/moments.js";
import { shown } from "./plan.js";
import type { AlternativeScores, BestSettings, Comparison, Difference } from "./summary.js";

/** The alternatives, a row each, below the names of the columns. */
export function tableOf(comparison: Comparison): string[][] {
  const { alternatives, metric, part, best } = comparison;
  const isTested = part === "test" && best !== undefined;
  const hasDifferences = alternatives.length > 1;
  const isPooled = alternatives.some(({ pooled }) => pooled !== undefined);
  const head = [
    ...["", "n", metric],
    ...(isTested ? [`${metric}, validation`] : []),
    ...(isPooled ? [`${metric}, all rows`] : []),
    ...(hasDifferences ? ["difference", "95 % interval"] : []),
  ];
  const rows = alternatives.map((one) => [
    ...[one.name, String(one.n), spread(one.metrics[metric])],
    ...(isTested ? [spread(one.validation[metric])] : []),
    ...(isPooled ? [pooledIn(one, metric)] : []),
    ...(hasDifferences ? differenceIn(one.difference) : []),
  ]);
  return [head, ...rows];
}

/** Mean and deviation, or the one value. */
const spread = (moments: Moments | undefined): string => {
  if (!moments || !Number.isFinite(moments.mean)) return "–";
  const { mean, deviation } = moments;
  return deviation === undefined ? digits(mean) : `${digits(mean)} ± ${digits(deviation)}`;
};

function pooledIn({ pooled = [] }: AlternativeScores, metric: string): string {
  const values = pooled.map(({ metrics }) => metrics[metric]).filter((value) => typeof value === "number");
  return values.length === 0 ? "–" : values.map(digits).join(", ");
}

function differenceIn(difference: Difference | undefined): [string, string] {
  if (!difference) return ["", ""];
  const { low, high } = difference;
  const range = low === undefined || high === undefined ? "" : `${signed(low)} to ${signed(high)}`;
  return [signed(difference.difference), range];
}

/** Four decimals, or fewer of a large number. */
const digits = (x: number): string => x.toFixed(Math.abs(x) >= 100 ? 2 : 4);

const signed = (x: number): string => (x < 0 ? `−${digits(-x)}` : `+${digits(x)}`);

/** What the table shows, and what somebody should know before they trust it: a sentence each. */
export function notesOf(comparison: Comparison): string[] {
  const { metric, lessIsBetter, folds, runs, alternatives, best } = comparison;
  const [first] = alternatives;
  const perAlternative = first!.n;
  const over = perAlternative > 1 ? "mean ± standard deviation over n runs" : "one run each";
  return [
    `${metric} on ${rowsOf(comparison)}, ${lessIsBetter ? "less" : "more"} is better: ${over}.`,
    ...(alternatives.length > 1 ? [differencesInWords(first!, perAlternative)] : []),
    ...(folds === undefined
      ? []
      : foldsInWords(
          folds,
          runs.some(({ folder }) => folder !== undefined),
        )),
    ...(best ?? []).flatMap((one) => bestInWords(one, comparison)),
  ];
}

function rowsOf({ part, folds, command }: Comparison): string {
  if (folds !== undefined) return "the rows of each fold, which had no part in the training of its model";
  if (part === "test") return "the test rows";
  return command === "pretrain" ? "held-out text" : "the validation rows, which chose the epoch";
}

const differencesInWords = ({ name }: AlternativeScores, n: number): string =>
  n > 1
    ? `Differences are those to ${name} with the same seed and fold, with Student's interval of ${n} pairs.`
    : `Differences are those to ${name}. A single pair has no interval: compare with several seeds.`;

const foldsInWords = (folds: number, isSaved: boolean): string[] => [
  "The score of all rows takes each from the model that was not trained on it.",
  `This gives ${folds} models, one per fold${isSaved ? ", in runs" : ""}, and not one. They share training rows, so the intervals are a little too narrow.`,
];

function bestInWords(
  { alternative, settings, score, of, folders }: BestSettings,
  { metric, alternatives }: Comparison,
) {
  const isOfAll = of === alternatives.length;
  const where = folders.length === 0 ? "" : ` Its models: ${folders.join(", ")}.`;
  return [
    `Best of ${of} settings by the validation score${isOfAll ? "" : ` (${alternative})`}: ${settingsInWords(settings)}, ${metric} ${digits(score)}. As the best of ${of} this score is a little too good.${where}`,
  ];
}

const settingsInWords = (settings: object): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(", ");
