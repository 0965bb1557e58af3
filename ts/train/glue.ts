import { type GlueName, type GlueSplit, glueTask } from "../data/glue.js";
import { readGlue } from "../data/glueRows.js";
import { ConfigError } from "../errors.js";
import type { EvaluateOptions, FinetuneOptions } from "./options.js";
import { COLUMNS, type TaskColumns } from "./tasks/columns.js";
import type { TaskName } from "./tasks/index.js";

/** What an official GLUE task asks for: its columns, and its labels in the order of Hugging Face's ids. */
function asked(name: GlueName): TaskColumns & { readonly task: TaskName } {
  const { text, textPair, labels } = glueTask(name);
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

/** The split that scores a model whose epoch was chosen on a part of the training rows. */
const scoring = (name: GlueName): GlueSplit => (name === "mnli" ? "validation_matched" : "validation");

async function rowsOf(folder: string, name: GlueName, split: GlueSplit, onMessage?: (line: string) => void) {
  const { rows, skipped } = await readGlue(folder, name, split);
  if (skipped > 0) onMessage?.(`${name}, ${split}: ${skipped} rows without a text or a label are left out`);
  return { rows };
}

/**
 * The options of a fine-tuning run on a GLUE task: its training rows, of which a part chooses the best epoch, and its validation rows as
 * the test, since the official test's labels are secret. Other options are returned as they are. Errors: those of `readGlue`,
 * ConfigError for options that the task decides.
 */
export async function withGlue<T extends TaskName>(options: FinetuneOptions<T>): Promise<FinetuneOptions<T>> {
  const { glue, data, onMessage, ...rest } = options;
  if (glue === undefined) {
    if (data !== undefined) throw new ConfigError("data is for glue; name the training rows with train");
    return options;
  }
  refuseOthers("", options, ["train", "valid", "test"]);
  const folder = folderOf("", data);
  const { name } = glueTask(glue);
  const [train, test] = [
    await rowsOf(folder, name, "train", onMessage),
    await rowsOf(folder, name, scoring(name), onMessage),
  ];
  return { ...rest, ...asked(name), train, test, onMessage } as unknown as FinetuneOptions<T>;
}

/** The options of an evaluation on a GLUE task's validation rows; `split` names others. Errors: as {@link withGlue}. */
export async function withGlueRows(
  { glue, data, ...rest }: EvaluateOptions,
  split?: GlueSplit,
): Promise<EvaluateOptions> {
  if (glue === undefined) return { ...rest, data };
  refuseOthers("evaluate: ", rest, []);
  const { name } = glueTask(glue);
  const rows: unknown = await rowsOf(folderOf("evaluate: ", data), name, split ?? scoring(name));
  return { ...rest, ...asked(name), data: rows as EvaluateOptions["data"] };
}
