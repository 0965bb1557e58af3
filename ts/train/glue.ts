import { type GlueName, type GlueSplit, type GlueTask, glueSplits, glueTask } from "../data/glue.js";
import { readGlue } from "../data/glueRows.js";
import type { Row } from "../data/values.js";
import { ConfigError, DataError } from "../errors.js";
import { labelNames, type RoFormerConfig } from "../models/config.js";
import { type GlueMetrics, glueIds, glueMetrics, type SplitScores } from "./glueScores.js";
import type { EvaluateOptions, FinetuneOptions } from "./options.js";
import { COLUMNS, type TaskColumns } from "./tasks/columns.js";
import type { TaskName } from "./tasks/index.js";

/** The rows of a split. */
interface SplitRows {
  readonly split: GlueSplit;
  readonly rows: readonly Row[];
}

/** What scores a model of a GLUE task. */
interface GlueData {
  /** The validation rows; `mnli` has matched ones, and mismatched ones where their file exists. */
  readonly splits: readonly [SplitRows, ...SplitRows[]];
  /** What the metrics of a model have besides, from its scores on each of the splits. */
  metrics(config: RoFormerConfig, scores: readonly SplitScores["scores"][]): GlueMetrics;
}

const glueData = (task: GlueTask, splits: GlueData["splits"]): GlueData => ({
  splits,
  metrics: (config, scores) =>
    glueMetrics(
      task,
      glueIds(config, task.name),
      scores.map((scores, i) => ({ split: splits[i]!.split, scores })),
    ),
});

/** Options with the rows of a GLUE task, if they name one. */
export interface WithGlueData<O> {
  readonly options: O;
  readonly glue?: GlueData;
}

/** What an official GLUE task asks for: its columns, and its labels in the order of Hugging Face's ids. */
function asked({ text, textPair, labels }: GlueTask): TaskColumns & { readonly task: TaskName } {
  return {
    task: labels ? "classify" : "regress",
    ...{ text, textPair, label: "label" },
    ...(labels && { labelNames: labels }),
  };
}

/** Refuses options that GLUE's files decide. */
function refuseOthers(where: string, options: object, others: readonly string[]): void {
  const names = [...Object.keys(COLUMNS), "task", "format", "separator", "quoted", ...others];
  const set = names.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (set !== undefined)
    throw new ConfigError(`${where}${set} cannot be set together with glue, whose files decide it`);
}

function folderOf(where: string, data: unknown): string {
  if (typeof data === "string" && data !== "") return data;
  throw new ConfigError(`${where}glue needs data, the path of the folder with the official files`);
}

type Listener = ((line: string) => void) | undefined;

async function rowsOf(folder: string, name: GlueName, split: GlueSplit, onMessage: Listener): Promise<SplitRows> {
  const { rows, skipped } = await readGlue(folder, name, split);
  if (skipped > 0) onMessage?.(`${name}, ${split}: ${skipped} rows without a text or a label are left out`);
  return { split, rows };
}

/** The splits that score a model. Subsets of `mnli` often have no mismatched rows. */
async function validation(
  where: string,
  folder: string,
  name: GlueName,
  onMessage?: Listener,
): Promise<[SplitRows, ...SplitRows[]]> {
  const [first, ...others] = glueSplits(glueTask(name), "validation");
  if (first === undefined)
    throw new ConfigError(`${where}the labels of ${name} are secret; predict them with a model of mnli`);
  const splits: [SplitRows, ...SplitRows[]] = [await rowsOf(folder, name, first, onMessage)];
  for (const split of others) {
    const read = rowsOf(folder, name, split, onMessage);
    const found = await read.catch((error: unknown) => {
      if (!(error instanceof DataError && error.reason === "not-found")) throw error;
      onMessage?.(`${error.message}; only ${first} is scored`);
    });
    if (found) splits.push(found);
  }
  return splits;
}

/**
 * The options of a fine-tuning run on a GLUE task: its training rows, of which a part chooses the best epoch, and its validation rows as
 * the test, since the official test's labels are secret. Other options are returned as they are. Errors: those of `readGlue`,
 * ConfigError for options that the task decides.
 */
export async function withGlue<T extends TaskName>(
  options: FinetuneOptions<T>,
): Promise<WithGlueData<FinetuneOptions<T>>> {
  const { glue, data, onMessage, ...rest } = options;
  if (glue === undefined) {
    if (data !== undefined) throw new ConfigError("data is for glue; name the training rows with train");
    return { options };
  }
  refuseOthers("", options, ["train", "valid", "test"]);
  const folder = folderOf("", data);
  const task = glueTask(glue);
  const splits = await validation("", folder, task.name, onMessage);
  const train = await rowsOf(folder, task.name, "train", onMessage);
  const own = { ...rest, ...asked(task), train, test: splits[0], onMessage };
  return { options: own as unknown as FinetuneOptions<T>, glue: glueData(task, splits) };
}

/**
 * The options of an evaluation of a model on a GLUE task's validation rows, whose labels are named as the model's. Errors: as
 * {@link withGlue}, and ConfigError for a model of another task.
 */
export async function withGlueRows(
  given: EvaluateOptions,
  config: RoFormerConfig,
): Promise<WithGlueData<EvaluateOptions>> {
  const { glue, data, ...rest } = given;
  if (glue === undefined) return { options: { ...rest, data } };
  refuseOthers("evaluate: ", rest, []);
  const task = glueTask(glue);
  const splits = await validation("evaluate: ", folderOf("evaluate: ", data), task.name);
  const ids = glueIds(config, task.name);
  const named = ids && new Map(ids.map((id, output) => [task.labels![id]!, labelNames(config)[output]!]));
  const renamed = ({ split, rows }: SplitRows): SplitRows => ({
    split,
    rows: named
      ? rows.map((row) => ({ ...row, values: { ...row.values, label: named.get(row.values.label as string) } }))
      : rows,
  });
  const [first, ...others] = splits;
  const own = glueData(task, [renamed(first), ...others.map(renamed)]);
  const options = { ...rest, ...asked(task), data: own.splits[0] as unknown as EvaluateOptions["data"] };
  return { options, glue: own };
}
