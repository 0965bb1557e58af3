import { isParallel } from "../data/parallel.js";
import { type DataSource, sourceName } from "../data/source.js";
import { folds, sameText } from "../data/split.js";
import type { Row } from "../data/values.js";
import { DataError } from "../errors.js";
import { readTexts, type TextSource } from "./examples.js";
import { holdOut } from "./holdOut.js";
import type { FinetuneOptions } from "./options.js";
import type { Fold } from "./record.js";
import { unstarted } from "./stopped.js";
import { columnsOf } from "./tasks/columns.js";
import { type AnyTask, type AnyTaskKind, type TaskName, taskKind } from "./tasks/index.js";
import { inferFromLabels, inferTask } from "./tasks/infer.js";
import { separatorFor, suggestionFor } from "./tasks/suggest.js";

/** The rows of a run, and the task that they ask for. */
export interface LabeledRows {
  readonly task: AnyTask;
  readonly name: TaskName;
  readonly train: readonly Row[];
  readonly valid: readonly Row[];
  readonly test: readonly Row[] | undefined;
}

/** All rows that the run needs, and the task that they ask for. */
export async function readData(options: FinetuneOptions<TaskName>, fold: Fold | undefined): Promise<LabeledRows> {
  const { train: source, onMessage, label } = options;
  const named = inferTask(options, nameOf(source));
  const read = async (part: TextSource, what: string, kind: AnyTaskKind) => {
    const rows = await readTexts(part, columnsOf(kind.columns, options), what, options);
    if (options.signal?.aborted) throw unstarted(options);
    return rows;
  };
  const all = await read(source as TextSource, "train", taskKind(named.task));
  const canDiffer = options.task === undefined && named.task === "classify" && typeof label === "string";
  const { task: name, reason } = canDiffer ? inferFromLabels(all, label) : named;
  if (reason !== undefined) onMessage?.(`task ${name}, since ${reason}`);
  const suggestion = canDiffer && name === "classify" ? suggestionFor(all, label) : undefined;
  if (suggestion !== undefined) onMessage?.(suggestion);
  const isUnparted = name === "multilabel" && options.labelSeparator === undefined && typeof label === "string";
  const advice = isUnparted ? separatorFor(all, label) : undefined;
  if (advice !== undefined) onMessage?.(advice);
  const kind = taskKind(name);
  const task = kind.learn(all, options, options.valid === undefined || fold !== undefined);
  const held = options.valid === undefined ? undefined : await read(options.valid, "valid", kind);
  const { rest, test } = fold
    ? partFold(all, task, { fold, seed: options.seed ?? 0 })
    : { rest: all, test: options.test === undefined ? undefined : await read(options.test, "test", kind) };
  const [train, valid] = held ? [rest, held] : holdOut(rest, task, options.seed ?? 0);
  return { task, name, train, valid, test };
}

/** The rows of a fold, and those of all others. The folds follow from the rows and the seed. */
function partFold(rows: readonly Row[], task: AnyTask, { fold, seed }: { readonly fold: Fold; readonly seed: number }) {
  const texts = rows.map((row) => task.texts(row)[0]!);
  const parts = folds(texts, rows.map(task.stratum), { count: fold.of, seed });
  if (parts.some((part) => part.length === 0)) {
    const different = new Set(texts.map(sameText)).size;
    throw new DataError(
      `${rows[0]!.file}: ${fold.of} folds of ${different} different texts: there must be at least one each`,
    );
  }
  const test = new Set(parts[fold.index - 1]!);
  return { rest: rows.filter((_, i) => !test.has(i)), test: rows.filter((_, i) => test.has(i)) };
}

/** The name of a file, by its path or as it has one; rows in memory have none. */
function nameOf(source: TextSource | undefined): string | undefined {
  if (typeof source === "object" && ("rows" in source || isParallel(source))) return undefined;
  return source === undefined || Array.isArray(source) ? undefined : sourceName(source as DataSource);
}
