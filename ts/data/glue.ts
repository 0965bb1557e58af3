import { ConfigError } from "../errors.js";

/**
 * A task of GLUE (Wang et al. 2019), named as in Hugging Face's datasets. `ax` is the diagnostic set for models of `mnli`.
 */
export type GlueName = "cola" | "sst2" | "mrpc" | "stsb" | "qqp" | "mnli" | "qnli" | "rte" | "wnli" | "ax";

/** A split of a task's data, named as in Hugging Face's datasets. */
export type GlueSplit =
  | "train"
  | "validation"
  | "test"
  | "validation_matched"
  | "validation_mismatched"
  | "test_matched"
  | "test_mismatched";

/** An official metric. F1 is that of label 1. */
export type GlueMetric = "accuracy" | "f1" | "matthews" | "pearson" | "spearman";

/** The official file of a split. */
export interface GlueFile {
  /** Names of the file; the first one that exists is read. */
  readonly names: readonly string[];
  /** Columns, for a file without a header. */
  readonly header?: readonly string[];
}

/** Columns of a task's official files. */
export interface GlueColumns {
  /** The texts, and the second texts for pairs. */
  readonly texts: readonly string[];
  /** The labels. */
  readonly label: string;
}

/** A task of GLUE: its files, columns, labels and metrics. */
export interface GlueTask {
  /** Hugging Face's name. */
  readonly name: GlueName;
  /** Name of the folder of the official files, as in `download_glue_data.py`. */
  readonly folder: string;
  /** Column of the texts, in rows. */
  readonly text: string;
  /** Column of the second texts, for pairs. */
  readonly textPair?: string;
  /** Column of the labels. */
  readonly label: "label";
  /** Names of the labels in the order of their ids; undefined for `stsb`, whose labels are numbers, 0 … 5. */
  readonly labels?: readonly string[];
  /** The official metrics. */
  readonly metrics: readonly GlueMetric[];
  /** Columns of the official files. */
  readonly columns: GlueColumns;
  /** The file of each split. */
  readonly files: Readonly<Partial<Record<GlueSplit, GlueFile>>>;
  /** Names of the leaderboard's files by test split. */
  readonly submissions: Readonly<Partial<Record<GlueSplit, string>>>;
  /** Whether the leaderboard expects names of labels; else it expects ids. */
  readonly submitsNames: boolean;
}

const file = (...names: string[]): GlueFile => ({ names });

const FILES: GlueTask["files"] = { train: file("train.tsv"), validation: file("dev.tsv"), test: file("test.tsv") };

/** A task with the usual files and columns, except for `more`. */
const task = (
  name: GlueName,
  folder: string,
  [text, textPair]: readonly [text: string, textPair?: string],
  more: Partial<GlueTask> = {},
): GlueTask => ({
  name,
  folder,
  text,
  ...(textPair !== undefined && { textPair }),
  label: "label",
  metrics: ["accuracy"],
  columns: { texts: textPair === undefined ? [text] : [text, textPair], label: "label" },
  files: FILES,
  submissions: { test: `${folder}.tsv` },
  submitsNames: false,
  ...more,
});

const SENTENCES = ["sentence1", "sentence2"] as const;
const ENTAILMENT = ["entailment", "neutral", "contradiction"];
const COLA: Pick<GlueFile, "header"> = { header: ["source", "label", "star", "sentence"] };

const tasks: Readonly<Record<GlueName, GlueTask>> = {
  cola: task("cola", "CoLA", ["sentence"], {
    labels: ["unacceptable", "acceptable"],
    metrics: ["matthews"],
    files: { ...FILES, train: { ...FILES.train!, ...COLA }, validation: { ...FILES.validation!, ...COLA } },
  }),
  sst2: task("sst2", "SST-2", ["sentence"], { labels: ["negative", "positive"] }),
  mrpc: task("mrpc", "MRPC", SENTENCES, {
    labels: ["not_equivalent", "equivalent"],
    metrics: ["accuracy", "f1"],
    columns: { texts: ["#1 String", "#2 String"], label: "Quality" },
    files: { ...FILES, test: file("msr_paraphrase_test.txt", "test.tsv") },
  }),
  stsb: task("stsb", "STS-B", SENTENCES, {
    metrics: ["pearson", "spearman"],
    columns: { texts: SENTENCES, label: "score" },
  }),
  qqp: task("qqp", "QQP", ["question1", "question2"], {
    labels: ["not_duplicate", "duplicate"],
    metrics: ["accuracy", "f1"],
    columns: { texts: ["question1", "question2"], label: "is_duplicate" },
  }),
  mnli: task("mnli", "MNLI", ["premise", "hypothesis"], {
    labels: ENTAILMENT,
    columns: { texts: SENTENCES, label: "gold_label" },
    files: {
      train: file("train.tsv"),
      // Subsets of the task often have one validation file.
      validation_matched: file("dev_matched.tsv", "dev.tsv"),
      validation_mismatched: file("dev_mismatched.tsv"),
      test_matched: file("test_matched.tsv"),
      test_mismatched: file("test_mismatched.tsv"),
    },
    submissions: { test_matched: "MNLI-m.tsv", test_mismatched: "MNLI-mm.tsv" },
    submitsNames: true,
  }),
  qnli: task("qnli", "QNLI", ["question", "sentence"], {
    labels: ["entailment", "not_entailment"],
    submitsNames: true,
  }),
  rte: task("rte", "RTE", SENTENCES, { labels: ["entailment", "not_entailment"], submitsNames: true }),
  wnli: task("wnli", "WNLI", SENTENCES, { labels: ["not_entailment", "entailment"] }),
  ax: task("ax", "diagnostic", ["premise", "hypothesis"], {
    labels: ENTAILMENT,
    metrics: ["matthews"],
    columns: { texts: SENTENCES, label: "label" },
    files: { test: file("AX.tsv", "diagnostic.tsv") },
    submissions: { test: "AX.tsv" },
    submitsNames: true,
  }),
};

/** Names of the tasks. */
export const glueNames = Object.keys(tasks) as readonly GlueName[];

/** A name in lower case without hyphens, underscores and spaces: `SST-2` is `sst2`. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, "");

/**
 * A task by Hugging Face's name (`sst2`) or GLUE's (`SST-2`). The labels have the order of Hugging Face's ids. Errors:
 * ConfigError for an unknown name.
 */
export function glueTask(name: string): GlueTask {
  const plain = plainName(name);
  if (!Object.hasOwn(tasks, plain)) throw new ConfigError(`glue is ${name}, not one of ${glueNames.join(", ")}`);
  return tasks[plain as GlueName];
}

/** The file of a split. Errors: ConfigError for a split that the task does not have. */
export function glueFile({ name, files }: GlueTask, split: string): GlueFile {
  if (!Object.hasOwn(files, split))
    throw new ConfigError(`${name} has no split ${JSON.stringify(split)}; there are ${Object.keys(files).join(", ")}`);
  return files[split as GlueSplit]!;
}

/** The splits of a task's files whose names begin with `kind`, in the leaderboard's order. */
export const glueSplits = ({ files }: GlueTask, kind: "validation" | "test"): readonly GlueSplit[] =>
  (Object.keys(files) as GlueSplit[]).filter((split) => split.startsWith(kind));
