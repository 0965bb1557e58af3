import { attentions, ROTATIONS } from "../nn/attentions/index.js";
import { positions } from "../nn/positions/index.js";
import { flag, notNegative, type OptionSpec, oneOf, path, positive, rate, whole } from "./option.js";

/** Options for the source and the target of a model. */
export const folderOptions: readonly OptionSpec[] = [
  { flags: "--out <folder>", help: "output folder; an existing model is replaced", parse: path },
  { flags: "--init <folder>", help: "model to start from (default: random weights)", parse: path },
];

/** `ArchitectureSettings`. */
export const architectureOptions: readonly OptionSpec[] = [
  {
    flags: "--position <name>",
    help: `position encoding: ${Object.keys(positions).join(", ")} (default: rotary)`,
    parse: oneOf(Object.keys(positions)),
  },
  {
    flags: "--attention <name>",
    help: `attention: ${Object.keys(attentions).join(", ")} (default: softmax, with --init the model's)`,
    parse: oneOf(Object.keys(attentions)),
  },
  {
    flags: "--rotation <name>",
    help: `where linear attention rotates: ${ROTATIONS.join(", ")} (default: eq19)`,
    parse: oneOf(ROTATIONS),
  },
  {
    flags: "--num-random-features <number>",
    help: "random features per head of a Performer (default: D ln D)",
    parse: whole(1),
  },
  { flags: "--layers <number>", help: "layers (default: 2)", parse: whole(1) },
  { flags: "--width <number>", help: "width of the model (default: 128)", parse: whole(1) },
  { flags: "--heads <number>", help: "attention heads (default: width / 64)", parse: whole(1) },
  { flags: "--ffn <number>", help: "width of the feed-forward layers (default: 4 × width)", parse: whole(1) },
  { flags: "--dropout <rate>", help: "dropout (default: 0.1, with --init the model's)", parse: rate },
];

/** `OptimizationSettings`; `pretrainedRate` is the learning rate of a model that is not fresh. */
export const optimizationOptions = (pretrainedRate: string): readonly OptionSpec[] => [
  {
    flags: "--lr <rate>",
    help: `peak learning rate (default: 1e-3, with --init ${pretrainedRate})`,
    parse: positive,
  },
  { flags: "--warmup <share>", help: "share of the steps for warmup (default: 0.1)", parse: rate },
  { flags: "--weight-decay <rate>", help: "AdamW's decay (default: 0.01)", parse: notNegative },
  { flags: "--max-grad-norm <norm>", help: "maximum gradient norm (default: 1)", parse: positive },
  {
    flags: "--feature-redraw-interval <steps>",
    help: "steps between redraws of a Performer's random features (default: never)",
    parse: whole(1),
  },
  {
    flags: "--recompute",
    help: "recompute layers for their gradients: less memory, a third more time, the same model",
    parse: flag,
    isFlag: true,
  },
];
