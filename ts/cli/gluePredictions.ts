import { type GlueName, type GlueSplit, type GlueTask, glueSplits, glueTask } from "../data/glue.js";
import { readGlue } from "../data/glueRows.js";
import { type GlueSubmission, glueSubmission } from "../data/glueScores.js";
import { type Row, textOf } from "../data/values.js";
import { ConfigError, DataError } from "../errors.js";
import { checkFile, saveFile } from "../io/files.js";
import { labelNames } from "../models/config.js";
import type { PipelineOptions } from "../pipelines/pipeline.js";
import type { RoFormer } from "../roformer.js";
import { glueIds } from "../train/glueScores.js";
import { type Call, UsageError } from "./command.js";
import { withModel } from "./modelOptions.js";
import { fieldFlag } from "./option.js";
import { placesOf } from "./textInputs.js";

/** The test rows of one file of the leaderboard. */
interface TestRows {
  readonly task: GlueTask;
  readonly split: GlueSplit;
  readonly rows: readonly Row[];
}

/** Options that the official files decide, or that are for tags. */
const OTHERS = ["text", "textPair", "format", "separator", "quoted", "aggregation", "ignoreLabels", "stride"];

/**
 * Writes a model's predictions of a GLUE task's test rows as the leaderboard's files: to the folder --out, or to a file if that ends with
 * .tsv and the task has one. `mnli` has two, and `AX.tsv` where --data has the diagnostic set.
 */
export async function predictGlue(call: Call): Promise<void> {
  const { options, words, out } = call;
  const set = OTHERS.find((name) => options[name] !== undefined);
  if (set !== undefined)
    throw new UsageError(`${fieldFlag(set)} cannot be set together with --glue, whose files decide it`);
  if (words.length > 0) throw new UsageError("predict takes texts or --glue NAME, not both");
  const { glue, data, out: place } = options as { glue: GlueName; data: string; out: string };
  const sets = await testRows(data, glue, out.say);
  const paths = sets.map((one) => pathOf(place, one, sets.length));
  for (const path of paths) await checkFile(path);
  const files = await withModel(call, {}, async (model, settings) => {
    const found: GlueSubmission[] = [];
    for (const one of sets) found.push(await submission(model, one, settings));
    return found;
  });
  for (const [i, { text }] of files.entries()) await saveFile(paths[i]!, text);
  const written = sets.map(({ split, rows: { length } }, i) => ({ split, n: length, file: paths[i]! }));
  await out.result(
    { glue, files: written },
    written.map(({ n, file }) => `${n} predictions are in ${file}`),
  );
}

/** The test rows of a task, and of the diagnostic set if there is one for its models. */
async function testRows(folder: string, name: GlueName, say: (line: string) => void): Promise<TestRows[]> {
  const read = async (own: GlueName, split: GlueSplit): Promise<TestRows> => {
    const { rows } = await readGlue(folder, own, split, { incomplete: "empty" });
    const task = glueTask(own);
    const empty = rows.filter(({ values }) =>
      [task.text, task.textPair].some((column) => column && values[column] === ""),
    );
    if (empty.length > 0) say(`${own}, ${split}: ${empty.length} rows with an empty or missing text are predicted too`);
    return { task, split, rows };
  };
  const found: TestRows[] = [];
  for (const split of glueSplits(glueTask(name), "test")) found.push(await read(name, split));
  if (name !== "mnli") return found;
  const diagnostic = await read("ax", "test").catch((error: unknown) => {
    if (!(error instanceof DataError && error.reason === "not-found")) throw error;
    say(`${folder} has no diagnostic set: AX.tsv is not written`);
  });
  return diagnostic ? [...found, diagnostic] : found;
}

function pathOf(out: string, { task, split }: TestRows, files: number): string {
  const name = task.submissions[split]!;
  if (!/\.tsv$/i.test(out)) return `${out.replace(/(?<=.)\/+$/, "")}/${name}`;
  if (files > 1) throw new UsageError(`--out is ${out}; expected a folder: ${task.name} has ${files} files`);
  return out;
}

/** What a model predicts for test rows, as a file of the leaderboard. Errors: ConfigError for a model of another task. */
async function submission(
  model: RoFormer,
  { task, split, rows }: TestRows,
  settings: PipelineOptions,
): Promise<GlueSubmission> {
  if (model.head !== "sequence-classification")
    throw new ConfigError(`predict --glue needs a model that classifies texts, not one with the head "${model.head}"`);
  const ids = glueIds(model.config, task.name);
  const texts = (column: string) => rows.map((row) => textOf(row, column));
  const found = await model.classify(texts(task.text), {
    ...{ ...settings, where: placesOf(rows) },
    ...(task.textPair !== undefined && { pairs: texts(task.textPair) }),
    ...(ids === undefined && { functionToApply: "none" as const }),
  });
  const outputs = labelNames(model.config);
  const predictions = found.map(({ label, score }) => (ids ? ids[outputs.indexOf(label)]! : score));
  return glueSubmission(task.name, predictions, split);
}
