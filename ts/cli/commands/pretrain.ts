import type { DataSource } from "../../data/source.js";
import { attentions, ROTATIONS } from "../../nn/attentions/index.js";
import { positions } from "../../nn/positions/index.js";
import { platform } from "../../platform/index.js";
import { type PretrainOptions, pretrain as train } from "../../train/pretrain.js";
import type { CommandSpec } from "../command.js";
import { dataSource, formatOption } from "../dataOptions.js";
import { flag, notNegative, type OptionSpec, oneOf, path, paths, positive, rate, text, whole } from "../option.js";
import { duration } from "../output.js";
import { trainingProgress } from "../trainingProgress.js";

const options: readonly OptionSpec[] = [
  {
    flags: "--objective <name>",
    help: "clm: guess the next token; mlm: guess hidden ones",
    parse: oneOf(["clm", "mlm"]),
  },
  { flags: "--data <files...>", help: "running text, a file or several", parse: paths },
  { flags: "--valid <files...>", help: "held-out text (default: the last twentieth)", parse: paths },
  { flags: "--text <column>", help: "column of the texts, for files with columns (default: text)", parse: text },
  formatOption,
  { flags: "--out <folder>", help: "where the model is saved; a model that is there is replaced", parse: path },
  { flags: "--init <folder>", help: "a model to begin with (default: fresh weights)", parse: path },
  {
    flags: "--tokenizer <name|file>",
    help: "char, byte, or a tokenizer's file or folder (default: char for clm, else WordPiece of the text)",
    parse: path,
  },
  { flags: "--vocab-size <number>", help: "entries of the WordPiece vocabulary (default: 8000)", parse: whole(8) },
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
  {
    flags: "--rotation <name>",
    help: `where linear attentions turn: ${ROTATIONS.join(", ")} (default: eq19)`,
    parse: oneOf(ROTATIONS),
  },
  {
    flags: "--num-random-features <number>",
    help: "features of a Performer's head (default: D ln D)",
    parse: whole(1),
  },
  { flags: "--layers <number>", help: "layers (default: 2)", parse: whole(1) },
  { flags: "--width <number>", help: "width of the model (default: 128)", parse: whole(1) },
  { flags: "--heads <number>", help: "attention heads (default: width / 64)", parse: whole(1) },
  { flags: "--ffn <number>", help: "width of the feed-forward layers (default: 4 × width)", parse: whole(1) },
  { flags: "--max-length <tokens>", help: "tokens of a window (default: 256)", parse: whole(4) },
  { flags: "--dropout <rate>", help: "dropout (default: 0.1)", parse: rate },
  { flags: "--steps <number>", help: "steps in all (default: 1000)", parse: whole(1) },
  { flags: "--batch <windows>", help: "windows a step (default: 16)", parse: whole(1) },
  { flags: "--lr <rate>", help: "highest learning rate (default: 1e-3, with --init 1e-4)", parse: positive },
  { flags: "--warmup <share>", help: "share of the steps in which the rate rises (default: 0.1)", parse: rate },
  { flags: "--weight-decay <rate>", help: "AdamW's decay (default: 0.01)", parse: notNegative },
  { flags: "--max-grad-norm <norm>", help: "norm to which gradients are clipped (default: 1)", parse: positive },
  { flags: "--eval-every <steps>", help: "steps between two looks at the held-out text", parse: whole(1) },
  {
    flags: "--recompute",
    help: "compute layers a second time for their gradients: less memory",
    parse: flag,
    isFlag: true,
  },
];

/** Trains a language model. */
export const pretrain: CommandSpec = {
  name: "pretrain",
  summary: "train a language model on running text",
  options,
  required: ["objective", "data", "out"],
  async run({ options: given, out, signal }) {
    const sources = (files: unknown): DataSource[] =>
      (files as string[]).map((file) => {
        const source = dataSource(file, signal);
        return typeof source === "string" ? source : { ...source, format: "txt" };
      });
    const show = trainingProgress(out);
    const settings = {
      ...given,
      data: sources(given.data),
      ...(given.valid !== undefined && { valid: sources(given.valid) }),
      ...{ signal, onMessage: show.message, onProgress: show.step },
    };
    const { model, metrics } = await train(settings as unknown as PretrainOptions).finally(show.end);
    const memory = platform.peakMemory();
    const { loss, bitsPerCharacter, steps, seconds, tokensPerSecond } = metrics;
    await out.result(metrics, [
      `held out: loss ${loss.toFixed(4)}${bitsPerCharacter === undefined ? "" : `, ${bitsPerCharacter.toFixed(4)} bits a character`}`,
      `trained ${steps} steps in ${duration(seconds)}, ${tokensPerSecond} tokens/s`,
      ...(memory === undefined ? [] : [`peak memory ${Math.round(memory / 2 ** 20)} MiB`]),
      `saved in ${given.out}`,
    ]);
    model.close();
    return undefined;
  },
};
