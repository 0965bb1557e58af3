import { positive } from "../train/settings/rules.js";
import { flag, type OptionSpec, path, ruled, whole } from "./option.js";

/** Where a model goes. */
export const outOption: OptionSpec = {
  flags: "--out <folder>",
  help: "where the model is saved; a model that is there is replaced",
  parse: path,
};

/** Where a model comes from, and where it goes. */
export const folderOptions: readonly OptionSpec[] = [
  outOption,
  {
    flags: "--init <folder>",
    help: "a model to begin with; none for fresh weights (default: none; in finetune, for English texts, roformer-starter-en where it is installed)",
    parse: path,
  },
];

/** Where a training's curves go. */
export const tensorboardOption: OptionSpec = {
  flags: "--tensorboard <folder>",
  help: "write TensorBoard's event files here: losses, rate, gradients, speed, metrics of each evaluation",
  parse: path,
};

/** How a run is kept against crashes, and how it goes on. */
export const checkpointOptions: readonly OptionSpec[] = [
  {
    flags: "--save-every <steps>",
    help: "steps between two checkpoints in OUT/checkpoints, which then stay (default: every 10 minutes, removed at the end)",
    parse: whole(1),
  },
  {
    flags: "--save-minutes <minutes>",
    help: "minutes between two checkpoints, which then stay",
    parse: ruled(positive),
  },
  { flags: "--keep-checkpoints <count>", help: "newest checkpoints that are kept (default: 2)", parse: whole(1) },
  {
    flags: "--resume",
    help: "go on from the newest checkpoint, as if the run had not been interrupted; a comparison keeps its finished runs",
    parse: flag,
    isFlag: true,
  },
];
