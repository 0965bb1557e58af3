import { checkFile } from "../../io/files.js";
import { pick } from "../../options.js";
import { type EvaluatedRows, evaluateRows, evaluationTask } from "../../train/evaluate.js";
import { notesOn } from "../../train/notes.js";
import { EVALUATE, EVALUATE_SETTINGS } from "../../train/options.js";
import type { CommandSpec } from "../command.js";
import { columnOptions, dataSource, fileOptions, glueOption, needColumns, taskOption } from "../dataOptions.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { type OptionSpec, path } from "../option.js";
import { reportLines } from "../report.js";
import { rowFile, withColumns, writeRows } from "../rowFile.js";
import { settingOptions } from "../settingOptions.js";

const options: readonly OptionSpec[] = [
  ...modelOptions,
  { flags: "--data <file>", help: "labeled texts", parse: path },
  {
    flags: "--errors <file>",
    help: "write the rows that the model gets wrong to a csv, tsv or jsonl file, the worst first: all their columns, predicted, score, loss",
    parse: rowFile,
  },
  taskOption,
  glueOption,
  ...columnOptions,
  ...fileOptions,
  ...settingOptions(EVALUATE_SETTINGS),
];

/** Scores a model. */
export const evaluate: CommandSpec = {
  name: "evaluate",
  summary: "score a model on labeled rows: classes, numbers, tags, answers, choices, similarities",
  options,
  required: ["model", "data"],
  async run(call) {
    const { options: given, out, signal } = call;
    const data = given.glue === undefined ? dataSource(given.data as string, signal) : (given.data as string);
    const errors = given.errors as string | undefined;
    if (errors !== undefined) await checkFile(errors);
    const result = await withModel(call, {}, (model, settings) => {
      const own = pick({ ...given, ...settings, data }, EVALUATE);
      if (given.glue === undefined) needColumns("evaluate", evaluationTask(model, own), given);
      return evaluateRows(model, own, { keep: errors !== undefined });
    });
    const { evaluation } = result;
    const count = errors === undefined ? 0 : await writeErrors(errors, result);
    const notes = evaluation.problem === "single_label_classification" ? notesOn(evaluation, { part: "test" }) : [];
    const { metrics, ...others } = evaluation;
    await out.result({ ...metrics, ...others, notes }, [
      ...reportLines(evaluation),
      ...notes,
      ...(errors === undefined ? [] : [`${count} wrong rows are in ${errors}`]),
    ]);
    return undefined;
  },
};

/** Writes the rows that are wrong, those with the greatest loss first, and returns how many there are. */
async function writeErrors(file: string, { rows, predictions }: EvaluatedRows): Promise<number> {
  const wrong = predictions().flatMap((made, i) => (made.isRight ? [] : [{ made, row: rows[i]! }]));
  wrong.sort((a, b) => b.made.loss - a.made.loss);
  const columns = wrong.map(({ made: { predicted, score, loss }, row: { values } }) =>
    withColumns(values, { predicted, ...(score !== undefined && { score }), loss }, "model"),
  );
  const like = withColumns(rows[0]!.values, { predicted: "", score: "", loss: "" }, "model");
  await writeRows(file, columns, like);
  return wrong.length;
}
