import { type OptionSpec, path } from "./option.js";

/** Where a model comes from, and where it goes. */
export const folderOptions: readonly OptionSpec[] = [
  { flags: "--out <folder>", help: "where the model is saved; a model that is there is replaced", parse: path },
  { flags: "--init <folder>", help: "a model to begin with (default: fresh weights)", parse: path },
];

/** Where a training's curves go. */
export const tensorboardOption: OptionSpec = {
  flags: "--tensorboard <folder>",
  help: "write TensorBoard's event files here: losses, rate, gradients, speed, metrics of each evaluation",
  parse: path,
};
