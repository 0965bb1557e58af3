import { ConfigError } from "../errors.js";

/** A task of GLUE (Wang et al. 2019), by the name of its Hugging Face data set. `ax` is the diagnostic set, for models of `mnli`. */
export type GlueName = "cola" | "sst2" | "mrpc" | "stsb" | "qqp" | "mnli" | "qnli" | "rte" | "wnli" | "ax";

/** A part of a task's data, by Hugging Face's names. */
export type GlueSplit =
  | "train"
  | "validation"
  | "test"
  | "validation_matched"
  | "validation_mismatched"
  | "test_matched"
  | "test_mismatched";

/** A score of the benchmark. F1 is that of label 1. */
export type GlueMetric = "accuracy" | "f1" | "matthews" | "pearson" | "spearman";

/** One part's official file, and how it is read. */
export interface GlueFile {
  /** Names it may have, the first one that is there counts. */
  readonly names: readonly string[];
  /** Columns of a file without a header. */
  readonly header?: readonly string[];
}

/** What a task of GLUE is made of. */
export interface GlueTask {
  readonly name: GlueName;
  /** The folder of its official files, as `download_glue_data.py` names it. */
  readonly folder: string;
  /** Column of the texts in rows. */
  readonly text: string;
  /** Column of the second texts, where the texts are pairs. */
  readonly textPair?: string;
  /** Column of the labels. */
  readonly label: "label";
  /** Names of the labels in the order of their ids; undefined where a label is a number, 0 … 5. */
  readonly labels?: readonly string[];
  /** The official scores, the first one first. */
  readonly metrics: readonly GlueMetric[];
  /** Columns of the official files: the texts', and the label's. */
  readonly columns: { readonly texts: readonly string[]; readonly label: string };
  /** The files of each part. */
  readonly files: Readonly<Partial<Record<GlueSplit, GlueFile>>>;
  /** Names of the leaderboard's files, by the part that is predicted. */
  readonly submissions: Readonly<Partial<Record<GlueSplit, string>>>;
  /** Whether the leaderboard's files name the labels; else they hold ids. */
  readonly submitsNames: boolean;
}

const file = (...names: string[]): GlueFile => ({ names });

const FILES: GlueTask["files"] = { train: file("train.tsv"), validation: file("dev.tsv"), test: file("test.tsv") };

/** The task of a folder; what is not said is usual. */
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

/** A name without what people write between its letters: `SST-2` is `sst2`. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, "");

/**
 * A task by its name: Hugging Face's (`sst2`) or GLUE's (`SST-2`). Labels are in the order of Hugging Face's ids. Errors: ConfigError for a
 * name that is not known.
 */
export function glueTask(name: string): GlueTask {
  const plain = plainName(name);
  if (!Object.hasOwn(tasks, plain)) throw new ConfigError(`glue is ${name}, not one of ${glueNames.join(", ")}`);
  return tasks[plain as GlueName];
}

/** A part's file of a task. Errors: ConfigError for a part that the task does not have. */
export function glueFile({ name, files }: GlueTask, split: string): GlueFile {
  if (!Object.hasOwn(files, split))
    throw new ConfigError(`${name} has no split ${JSON.stringify(split)}; there are ${Object.keys(files).join(", ")}`);
  return files[split as GlueSplit]!;
}
