import { CONVERT, CREATE, FORWARD, GRADIENT, INPUTS, LOAD, SAVE } from "../models/options.js";
import { checkOptions, type Names } from "../options.js";
import type { PipelineName } from "../pipelines/index.js";
import { BATCH, DECODE, ENCODE } from "../tokenizers/options.js";
import { DISTILL } from "../train/distill/options.js";
import { EVALUATE, FINETUNE, PRETRAIN } from "../train/options.js";
import type { Commands } from "./commands.js";
import { SESSION, type SessionOptions } from "./options.js";
import type { ModelMethod, Pipelines } from "./protocol.js";

type Place = readonly [at: number, names: Names<object>];

/** The index of a call's options among its arguments, and their names; undefined for a call without options. */
const CALLS: Readonly<Record<Exclude<ModelMethod | keyof Commands, PipelineName | "method">, Place | undefined>> = {
  load: [1, LOAD],
  create: [1, CREATE],
  finetune: [0, FINETUNE],
  pretrain: [0, PRETRAIN],
  distill: [0, DISTILL],
  evaluate: [1, EVALUATE],
  convert: [2, CONVERT],
  forward: [1, FORWARD],
  valueAndGrad: [2, GRADIENT], // after the model's handle, as the next three
  encode: [2, ENCODE],
  encodeBatch: [2, BATCH],
  decode: [2, DECODE],
  files: [0, SAVE],
  save: [1, SAVE],
  ...{ inspect: undefined, doctor: undefined, memory: undefined, close: undefined },
  ...{ parameters: undefined, read: undefined, write: undefined },
};

/** Checks the options of `createSession`. Errors: ConfigError. */
export const checkSession = (options: SessionOptions): void => checkOptions("createSession", options, SESSION);

/** Calls whose options are required. */
const NEEDED = ["finetune", "pretrain", "distill", "evaluate"];

/** Checks a call's options before it is sent; the worker does not check them again. Errors: ConfigError. */
export function checkCall(name: string, args: readonly unknown[], pipelines: Pipelines | undefined): void {
  if (name === "forward" || name === "valueAndGrad") {
    const inputs = args[name === "forward" ? 0 : 1];
    if (inputs) checkOptions(name, inputs as object, INPUTS, "input");
  }
  const pipeline = pipelines?.[name as PipelineName];
  const place: Place | undefined = pipeline
    ? [pipeline.optionsAt, pipeline.options]
    : CALLS[name as keyof typeof CALLS];
  if (place && (args[place[0]] !== undefined || NEEDED.includes(name)))
    checkOptions(name, args[place[0]] as object, place[1]);
}
