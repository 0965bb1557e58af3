import type { Row } from "../../data/values.js";
import { ConfigError } from "../../errors.js";
import type { TaskColumns } from "./columns.js";
import { TASKS, type TaskName } from "./index.js";

/** What a task is inferred from. */
export interface TaskHints extends TaskColumns {
  readonly task?: TaskName | undefined;
  readonly format?: string | undefined;
}

/** A task, and what says so; no reason where the caller named it. */
export interface Inferred {
  readonly task: TaskName;
  readonly reason?: string;
}

/** Columns that only one task has. */
const OWN: Readonly<Partial<Record<keyof TaskColumns, TaskName>>> = {
  ...{ choices: "choose", words: "tag", tags: "tag", anchor: "pairrank", positive: "pairrank" },
  ...{ question: "span", context: "span", answers: "span" },
};

/**
 * The task that the columns, the format or the labels of the first rows ask for. `name`: what the file is called, if it is one. Errors:
 * ConfigError for an unknown task, or where nothing tells.
 */
export function inferTask(options: TaskHints, name: string | undefined): Inferred {
  const { task, format, text, textPair, label, negative } = options;
  if (task !== undefined) {
    if (TASKS.includes(task)) return { task };
    throw new ConfigError(`task is ${JSON.stringify(task)}, not one of ${TASKS.join(", ")}`);
  }
  for (const [column, own] of Object.entries(OWN))
    if (options[column as keyof TaskColumns] !== undefined) return { task: own, reason: `${column} is named` };
  if (format === "conll" || (format === undefined && /\.(conll|iob2?|bio)(\.gz)?$/i.test(name ?? "")))
    return { task: "tag", reason: "the file is in CoNLL's format" };
  if (format === "squad") return { task: "span", reason: "the file is in SQuAD's format" };
  if (text !== undefined && textPair !== undefined && negative !== undefined)
    return { task: "embed", reason: "there are triplets" };
  if (text !== undefined && textPair !== undefined && label === undefined)
    return { task: "embed", reason: "there are pairs without labels" };
  return { task: "classify" };
}

/** The task that the labels of `classify` ask for, where they cannot be classes: lists, or numbers with a fraction. */
export function inferFromLabels(rows: readonly Row[], label: string): Inferred {
  const values = rows.map(({ values }) => values[label]);
  const isList = (value: unknown) =>
    Array.isArray(value) || (typeof value === "string" && /^\s*\[.*\]\s*$/s.test(value));
  if (values.every(isList)) return { task: "multilabel", reason: "the labels are lists" };
  const numbers = values.map((value) => (typeof value === "string" && value.trim() !== "" ? Number(value) : value));
  const areNumbers = numbers.every((value) => typeof value === "number" && Number.isFinite(value));
  if (areNumbers && numbers.some((value) => !Number.isInteger(value)))
    return { task: "regress", reason: "the labels are numbers with fractions" };
  return { task: "classify" };
}
