import { pick } from "../../options.js";
import { platform } from "../../platform/index.js";
import { type FinetuneResult, finetune as train } from "../../train/finetune.js";
import { FINETUNE } from "../../train/options.js";
import type { CommandSpec } from "../command.js";
import { columnOptions, dataSource, fileOptions } from "../dataOptions.js";
import { modelSource } from "../modelSource.js";
import { type OptionSpec, path, rate, whole } from "../option.js";
import { duration, type Output } from "../output.js";
import { reportLines } from "../report.js";
import { architectureOptions, folderOptions, optimizationOptions } from "../trainingOptions.js";
import { trainingProgress } from "../trainingProgress.js";

const options: readonly OptionSpec[] = [
  { flags: "--train <file>", help: "labelled texts to train on", parse: path },
  {
    flags: "--valid <file>",
    help: "texts that choose the best epoch (default: a tenth of the training texts)",
    parse: path,
  },
  { flags: "--test <file>", help: "texts that score the result", parse: path },
  ...columnOptions,
  ...fileOptions,
  ...folderOptions,
  ...architectureOptions,
  { flags: "--vocab-size <number>", help: "entries of the vocabulary (default: by the texts)", parse: whole(8) },
  {
    flags: "--max-length <tokens>",
    help: "tokens a text is cut to (default: by the texts, at most 256)",
    parse: whole(3),
  },
  {
    flags: "--mask-rate <rate>",
    help: "share of the tokens hidden in training (default: 0.15; 0 with --init)",
    parse: rate,
  },
  { flags: "--epochs <number>", help: "times every text is seen (default: by the number of texts)", parse: whole(1) },
  { flags: "--steps <number>", help: "steps in all, instead of --epochs", parse: whole(1) },
  { flags: "--batch <texts>", help: "texts a step (default: by the number of texts, at most 32)", parse: whole(1) },
  ...optimizationOptions("5e-5"),
];

/** Trains a classifier of texts. */
export const finetune: CommandSpec = {
  name: "finetune",
  summary: "train a classifier on labelled texts",
  options,
  required: ["train", "text", "label", "out"],
  async run(call) {
    const { options: given, out, signal } = call;
    const files = Object.fromEntries(
      ["train", "valid", "test"]
        .filter((name) => given[name] !== undefined)
        .map((name) => [name, dataSource(given[name] as string, signal)]),
    );
    const show = trainingProgress(out);
    const started = performance.now();
    const init = given.init === undefined ? {} : { init: modelSource(given.init as string, call) };
    const settings = { ...given, ...init, ...files, signal, onMessage: show.message, onProgress: show.step };
    const result = await train(pick(settings, FINETUNE)).finally(show.end);
    await present(result, out, given.out as string, (performance.now() - started) / 1000);
    result.model.close();
    return undefined;
  },
};

async function present(
  { metrics, evaluation }: FinetuneResult,
  out: Output,
  folder: string,
  seconds: number,
): Promise<void> {
  const memory = platform.peakMemory();
  await out.result(metrics, [
    ...reportLines(evaluation),
    `trained ${metrics.steps} steps in ${duration(metrics.seconds)}, ${metrics.tokensPerSecond} tokens/s; ${duration(seconds)} in all`,
    ...(memory === undefined ? [] : [`peak memory ${Math.round(memory / 2 ** 20)} MiB`]),
    `saved in ${folder}`,
  ]);
}
