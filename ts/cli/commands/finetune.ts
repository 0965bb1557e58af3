import { pick } from "../../options.js";
import { platform } from "../../platform/index.js";
import type { AnyEvaluation } from "../../train/evaluate.js";
import { type FinetuneResult, finetune as train } from "../../train/finetune.js";
import { duration } from "../../train/inWords.js";
import { FINETUNE } from "../../train/options.js";
import { FINETUNE_SETTINGS } from "../../train/settings/finetune.js";
import type { TaskName } from "../../train/tasks/index.js";
import { inferTask } from "../../train/tasks/infer.js";
import type { CommandSpec } from "../command.js";
import { comparable, comparedBy } from "../compareOptions.js";
import { runComparison } from "../comparison.js";
import { columnOptions, dataSource, fileOptions, glueOptions, needColumns, taskOption } from "../dataOptions.js";
import { checkpointOptions, folderOptions, tensorboardOption } from "../folderOptions.js";
import { loraOf, loraOptions } from "../loraOptions.js";
import { modelSource } from "../modelSource.js";
import { type OptionSpec, path } from "../option.js";
import type { Output } from "../output.js";
import { reportLines } from "../report.js";
import { settingOptions } from "../settingOptions.js";
import { trainingProgress } from "../trainingProgress.js";

const options: readonly OptionSpec[] = [
  { flags: "--train <file>", help: "labeled rows to train on", parse: path },
  {
    flags: "--valid <file>",
    help: "rows that choose the best epoch (default: a tenth of the training rows)",
    parse: path,
  },
  { flags: "--test <file>", help: "rows that score the result", parse: path },
  taskOption,
  ...glueOptions,
  ...columnOptions,
  ...fileOptions,
  ...folderOptions,
  ...checkpointOptions,
  tensorboardOption,
  ...comparable("finetune", settingOptions(FINETUNE_SETTINGS)),
  ...loraOptions,
];

/** Trains a model on labeled rows. */
export const finetune: CommandSpec = {
  name: "finetune",
  summary: "train a model on labeled rows: classes, numbers, tags, answers, choices, similarities",
  options,
  required: ({ glue }) => (glue === undefined ? ["train", "out"] : ["data", "out"]),
  async run(call) {
    const { out, signal } = call;
    const { given, comparison } = comparedBy(call.options);
    if (given.glue === undefined) needColumns("finetune", inferTask(given, given.train as string).task, given);
    const files = Object.fromEntries(
      ["train", "valid", "test"]
        .filter((name) => given[name] !== undefined)
        .map((name) => [name, dataSource(given[name] as string, signal)]),
    );
    const init = given.init === undefined ? {} : { init: modelSource(given.init as string, call) };
    const settings = pick({ ...given, lora: loraOf(given), ...init, ...files }, FINETUNE);
    if (comparison) {
      const { out: folder, ...common } = settings;
      await runComparison(call, { finetune: common, ...comparison, out: folder });
      return undefined;
    }
    const show = trainingProgress(call);
    const started = performance.now();
    const listeners = { onMessage: show.message, onProgress: show.step, onEvaluation: show.evaluation };
    const result = await train({ ...settings, signal, ...listeners }).finally(show.end);
    show.curve();
    await present(result, out, given.out as string, (performance.now() - started) / 1000);
    result.model.close();
    return undefined;
  },
};

async function present(
  { metrics, evaluation, notes }: FinetuneResult<TaskName>,
  out: Output,
  folder: string,
  seconds: number,
): Promise<void> {
  const memory = platform.peakMemory();
  if (out.json) for (const note of notes) out.say(note);
  await out.result(metrics, [
    ...reportLines(evaluation as AnyEvaluation),
    ...notes,
    `trained ${metrics.steps} steps in ${duration(metrics.seconds)}, ${metrics.tokensPerSecond} tokens/s; ${duration(seconds)} in total`,
    ...(metrics.bestStep === undefined || metrics.bestStep === metrics.steps
      ? []
      : [`the model is that of step ${metrics.bestStep}, whose validation scores were best`]),
    ...(memory === undefined ? [] : [`peak memory of the process ${Math.round(memory / 2 ** 20)} MiB`]),
    `saved in ${folder}`,
  ]);
}
