import { type EvaluateOptions, evaluate as score } from "../../train/evaluate.js";
import type { CommandSpec } from "../command.js";
import { columnOptions, dataSource, formatOption } from "../dataOptions.js";
import { loadClassifier, modelOptions } from "../modelOptions.js";
import { type OptionSpec, path, whole } from "../option.js";
import { reportLines } from "../report.js";

const options: readonly OptionSpec[] = [
  ...modelOptions,
  { flags: "--data <file>", help: "labelled texts", parse: path },
  ...columnOptions,
  formatOption,
  { flags: "--max-length <tokens>", help: "tokens a text is cut to (default: as in training)", parse: whole(3) },
];

/** Scores a model. */
export const evaluate: CommandSpec = {
  name: "evaluate",
  summary: "score a classifier on labelled texts",
  options,
  required: ["model", "data", "text", "label"],
  async run({ options: given, out, signal }) {
    const model = await loadClassifier(given);
    let bar: ReturnType<typeof out.progress> | undefined;
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      bar ??= out.progress(total, "texts");
      bar.update(done, "");
    };
    const settings = { ...given, data: dataSource(given.data as string, signal), signal, onProgress };
    const result = await score(model, settings as unknown as EvaluateOptions).finally(() => bar?.end());
    await out.result(result.metrics, reportLines(result));
    model.close();
    return undefined;
  },
};
