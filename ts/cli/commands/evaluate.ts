import { pick } from "../../options.js";
import { evaluationTask, evaluate as score } from "../../train/evaluate.js";
import { EVALUATE, EVALUATE_SETTINGS } from "../../train/options.js";
import type { CommandSpec } from "../command.js";
import { columnOptions, dataSource, fileOptions, glueOption, needColumns, taskOption } from "../dataOptions.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { type OptionSpec, path } from "../option.js";
import { reportLines } from "../report.js";
import { settingOptions } from "../settingOptions.js";

const options: readonly OptionSpec[] = [
  ...modelOptions,
  { flags: "--data <file>", help: "labeled texts", parse: path },
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
    const result = await withModel(call, {}, (model, settings) => {
      const own = pick({ ...given, ...settings, data }, EVALUATE);
      if (given.glue === undefined) needColumns("evaluate", evaluationTask(model, own), given);
      return score(model, own);
    });
    await out.result(result.metrics, reportLines(result));
    return undefined;
  },
};
