import { pick } from "../../options.js";
import { evaluate as score } from "../../train/evaluate.js";
import { EVALUATE, EVALUATE_SETTINGS } from "../../train/options.js";
import type { CommandSpec } from "../command.js";
import { columnOptions, dataSource, fileOptions, labelSeparatorOption } from "../dataOptions.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { type OptionSpec, path } from "../option.js";
import { reportLines } from "../report.js";
import { settingOptions } from "../settingOptions.js";

const options: readonly OptionSpec[] = [
  ...modelOptions,
  { flags: "--data <file>", help: "labeled texts", parse: path },
  ...columnOptions,
  labelSeparatorOption,
  ...fileOptions,
  ...settingOptions(EVALUATE_SETTINGS),
];

/** Scores a model. */
export const evaluate: CommandSpec = {
  name: "evaluate",
  summary: "score a classifier, a regression or a multi-label model on labeled texts",
  options,
  required: ["model", "data", "text", "label"],
  async run(call) {
    const { options: given, out, signal } = call;
    const data = dataSource(given.data as string, signal);
    const result = await withModel(call, { head: "sequence-classification" }, (model, settings) =>
      score(model, pick({ ...given, ...settings, data }, EVALUATE)),
    );
    await out.result(result.metrics, reportLines(result));
    return undefined;
  },
};
