import { RoFormer } from "../models/roformer.js";
import { flag, type OptionSpec, path } from "./option.js";

/** Options of commands that use a classifier. */
export const modelOptions: readonly OptionSpec[] = [
  { flags: "--model <folder>", help: "the model", parse: path },
  {
    flags: "--int8",
    help: "keep the weights as int8: a quarter of the memory, about twice the speed",
    parse: flag,
    isFlag: true,
  },
];

/** The classifier that {@link modelOptions} name. */
export function loadClassifier(options: Record<string, unknown>): Promise<RoFormer> {
  return RoFormer.load(options.model as string, { head: "sequence-classification", int8: options.int8 === true });
}
