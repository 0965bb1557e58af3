import { type Moments, meanOf } from "../../metrics/moments.js";
import { type PairedDifference, pairedDifference } from "../../metrics/paired.js";
import type { Judged } from "../finetune.js";
import { betterBy, lessIsBetter } from "../labeled.js";
import type { Part } from "../record.js";
import type { TaskColumns } from "../tasks/columns.js";
import { taskKind } from "../tasks/index.js";
import type { Alternative, Plan } from "./plan.js";
import { type ComparedRun, type FinishedRun, metricOf } from "./run.js";

/** The difference of an alternative to the first one, over runs of the same seed and fold; without an interval for a single pair. */
export type Difference = Pick<PairedDifference, "n" | "difference"> & Partial<PairedDifference>;

/** The scores of rows of all folds together, of models with one seed. */
export interface PooledScores {
  /** The seed. */
  readonly seed: number;
  /** The metrics of all rows, each of which was in the test of one model. */
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** Scores of the runs that have the same settings. */
export interface AlternativeScores {
  /** What it differs in. */
  readonly name: string;
  /** The same, as settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Number of its runs: seeds times folds. */
  readonly n: number;
  /** Mean and standard deviation of each metric over its runs. */
  readonly metrics: Readonly<Record<string, Moments>>;
  /** The same of the scores on validation data, by which a search chooses. */
  readonly validation: Readonly<Record<string, Moments>>;
  /** Its metric less that of the first alternative; undefined for the first one. */
  readonly difference?: Difference | undefined;
  /** For folds, the scores of all rows together, a seed each. */
  readonly pooled?: readonly PooledScores[] | undefined;
}

/** The settings of a search with the best score on validation data. */
export interface BestSettings {
  /** The alternative. */
  readonly alternative: string;
  /** The settings that were searched. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Its mean score on validation data: as the best of `of` ones it is a little too good. */
  readonly score: number;
  /** Number of settings that it is the best of. */
  readonly of: number;
  /** Names of its runs. */
  readonly runs: readonly string[];
  /** Folders of their models, if these are saved. */
  readonly folders: readonly string[];
}

/** What a comparison gives: all of it is JSON. */
export interface Comparison {
  /** What its runs are. */
  readonly command: "finetune" | "pretrain";
  /** The metric that is compared. */
  readonly metric: string;
  /** Whether less of it is better. */
  readonly lessIsBetter: boolean;
  /** Which data the scores were made on. */
  readonly part: Part;
  /** Number of folds, for a cross-validation. */
  readonly folds?: number | undefined;
  /** Every combination of the settings that are compared. */
  readonly alternatives: readonly AlternativeScores[];
  /** For a search, the best settings: of each position and attention, if several of these are compared. */
  readonly best?: readonly BestSettings[] | undefined;
  /** All runs. */
  readonly runs: readonly ComparedRun[];
}

/** What the runs say together. `options`: those of `finetune`, whose columns the tasks of folds need. */
export function summaryOf(
  { command, alternatives, searched }: Plan,
  finished: readonly FinishedRun[],
  options: object,
): Comparison {
  const runs = finished.map(({ run }) => run);
  const [first] = runs as [ComparedRun, ...ComparedRun[]];
  const metric = metricOf(first.metrics);
  const base = runsOf(alternatives[0]!, runs);
  const scores = alternatives.map((alternative, i): AlternativeScores => {
    const own = runsOf(alternative, runs);
    const pooled = pooledOf(alternative, finished, options);
    return {
      ...{
        name: alternative.name,
        settings: alternative.settings,
        n: own.length,
        metrics: momentsOf(own.map((run) => run.metrics)),
      },
      validation: momentsOf(own.map((run) => run.validation)),
      ...(i > 0 && { difference: differenceOf(own, base, metric) }),
      ...(pooled.length > 0 && { pooled }),
    };
  });
  const judged = { metric, lessIsBetter: lessIsBetter(metric) };
  return {
    ...{ command, ...judged, part: (first.metrics.part ?? "validation") as Part },
    ...(first.fold && { folds: first.fold.of }),
    alternatives: scores,
    ...(searched.length > 0 && { best: bestOf(scores, runs, { searched, metric }) }),
    runs,
  };
}

const runsOf = ({ name }: Pick<Alternative, "name">, runs: readonly ComparedRun[]): ComparedRun[] =>
  runs.filter((run) => run.alternative === name);

/** Numbers of a run that are not scores. */
const OTHERS = ["seed", "low", "high"];

function momentsOf(runs: readonly Readonly<Record<string, unknown>>[]): Record<string, Moments> {
  const names = Object.keys(runs[0]!).filter((name) => !OTHERS.includes(name));
  const all = names.map((name) => [name, runs.map((metrics) => metrics[name])] as const);
  const numbers = all.filter((entry): entry is [string, number[]] => entry[1].every(Number.isFinite));
  return Object.fromEntries(numbers.map(([name, values]) => [name, meanOf(values)]));
}

/** Runs of both sides are in the same order of seeds and folds. */
function differenceOf(
  own: readonly ComparedRun[],
  base: readonly ComparedRun[],
  metric: string,
): Difference | undefined {
  const [a, b] = [own, base].map((runs) => runs.map(({ metrics }) => metrics[metric] as number)) as [
    number[],
    number[],
  ];
  if (![...a, ...b].every(Number.isFinite)) return undefined;
  return a.length < 2 ? { n: a.length, difference: a[0]! - b[0]! } : pairedDifference(a, b);
}

/** For each seed, the scores of the rows of all folds together. */
function pooledOf({ name }: Alternative, finished: readonly FinishedRun[], options: object): PooledScores[] {
  const own = finished.filter((one): one is FinishedRun & { readonly judged: Judged } => {
    return one.run.alternative === name && one.judged !== undefined;
  });
  const seeds = [...new Set(own.map(({ run }) => run.seed))];
  return seeds.map((seed) => {
    const folds = own.filter(({ run }) => run.seed === seed).map(({ judged }) => judged);
    const { task, config } = folds[0]!;
    const { pooled } = taskKind(task).ofModel(config, { ...(options as TaskColumns), threshold: undefined });
    return { seed, metrics: pooled(folds.flatMap(({ rows }) => rows)) as Readonly<Record<string, unknown>> };
  });
}

interface Searched {
  readonly metric: string;
  readonly searched: readonly string[];
}

function bestOf(
  alternatives: readonly AlternativeScores[],
  runs: readonly ComparedRun[],
  { searched, metric }: Searched,
): BestSettings[] {
  const split = ({ settings }: AlternativeScores, isSearched: boolean) =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => searched.includes(name) === isSearched));
  const groups = new Map<string, AlternativeScores[]>();
  for (const one of alternatives) {
    const key = JSON.stringify(split(one, false));
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const means = ({ validation }: AlternativeScores) =>
    Object.fromEntries(Object.entries(validation).map(([name, { mean }]) => [name, mean]));
  const better = betterBy(metric);
  return [...groups.values()].map((group) => {
    const scored = group.filter(({ validation }) => validation[metric] !== undefined);
    const best = scored.reduce((a, b) => (better(means(b), means(a)) ? b : a), scored[0] ?? group[0]!);
    const own = runsOf(best, runs);
    return {
      ...{
        alternative: best.name,
        settings: split(best, true),
        score: best.validation[metric]?.mean ?? Number.NaN,
        of: group.length,
      },
      runs: own.map(({ name }) => name),
      folders: own.flatMap(({ folder }) => (folder === undefined ? [] : [folder])),
    };
  });
}
