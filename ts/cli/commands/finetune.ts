import { attentions } from "../../nn/attentions/index.js";
import { positions } from "../../nn/positions/index.js";
import { platform } from "../../platform/index.js";
import { type FinetuneOptions, type FinetuneResult, finetune as train } from "../../train/finetune.js";
import type { CommandSpec } from "../command.js";
import { columnOptions, dataSource, formatOption } from "../dataOptions.js";
import { flag, notNegative, type OptionSpec, oneOf, path, positive, rate, whole } from "../option.js";
import { duration, type Output } from "../output.js";
import { reportLines } from "../report.js";
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
  formatOption,
  { flags: "--out <folder>", help: "where the model is saved; a model that is there is replaced", parse: path },
  { flags: "--init <folder>", help: "a model to begin with (default: fresh weights)", parse: path },
  {
    flags: "--position <name>",
    help: `position encoding: ${Object.keys(positions).join(", ")} (default: rotary)`,
    parse: oneOf(Object.keys(positions)),
  },
  {
    flags: "--attention <name>",
    help: `attention: ${Object.keys(attentions).join(", ")} (default: softmax)`,
    parse: oneOf(Object.keys(attentions)),
  },
  { flags: "--layers <number>", help: "layers (default: 2)", parse: whole(1) },
  { flags: "--width <number>", help: "width of the model (default: 128)", parse: whole(1) },
  { flags: "--heads <number>", help: "attention heads (default: width / 64)", parse: whole(1) },
  { flags: "--ffn <number>", help: "width of the feed-forward layers (default: 4 × width)", parse: whole(1) },
  { flags: "--vocab-size <number>", help: "entries of the vocabulary (default: by the texts)", parse: whole(8) },
  {
    flags: "--max-length <tokens>",
    help: "tokens a text is cut to (default: by the texts, at most 256)",
    parse: whole(3),
  },
  { flags: "--dropout <rate>", help: "dropout (default: 0.1)", parse: rate },
  { flags: "--mask-rate <rate>", help: "share of the tokens hidden in training (default: 0.15)", parse: rate },
  { flags: "--epochs <number>", help: "times every text is seen (default: by the number of texts)", parse: whole(1) },
  { flags: "--steps <number>", help: "steps in all, instead of --epochs", parse: whole(1) },
  { flags: "--batch <texts>", help: "texts a step (default: by the number of texts, at most 32)", parse: whole(1) },
  { flags: "--lr <rate>", help: "highest learning rate (default: 1e-3, with --init 5e-5)", parse: positive },
  { flags: "--warmup <share>", help: "share of the steps in which the rate rises (default: 0.1)", parse: rate },
  { flags: "--weight-decay <rate>", help: "AdamW's decay (default: 0.01)", parse: notNegative },
  { flags: "--max-grad-norm <norm>", help: "norm to which gradients are clipped (default: 1)", parse: positive },
  {
    flags: "--recompute",
    help: "compute layers a second time for their gradients: less memory, a third more time, the same model",
    parse: flag,
    isFlag: true,
  },
];

/** Trains a classifier of texts. */
export const finetune: CommandSpec = {
  name: "finetune",
  summary: "train a classifier on labelled texts",
  options,
  required: ["train", "text", "label", "out"],
  async run({ options: given, out, signal }) {
    const files = Object.fromEntries(
      ["train", "valid", "test"]
        .filter((name) => given[name] !== undefined)
        .map((name) => [name, dataSource(given[name] as string, signal)]),
    );
    const show = trainingProgress(out);
    const started = performance.now();
    const settings = { ...given, ...files, signal, onMessage: show.message, onProgress: show.step };
    const result = await train(settings as unknown as FinetuneOptions).finally(show.end);
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
