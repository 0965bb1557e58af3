import type { Model } from "../models/model.js";
import { checkOptions } from "../options.js";
import { readyModel } from "./checks.js";
import type { Pipeline, PipelineOptions } from "./pipeline.js";
import { run } from "./run.js";

/** Any pipeline; its method has the types of arguments and results. */
export type AnyPipeline = Pipeline<object | string, readonly (object | undefined)[], object>;

/** Runs a pipeline for one item or several; `given` and `args` are the arguments of its method. */
export async function callPipeline(
  name: string,
  pipeline: AnyPipeline,
  model: Model,
  given: object | string,
  args: readonly (object | undefined)[],
): Promise<object> {
  const { [pipeline.optionsAt ?? 0]: options = {} as PipelineOptions } = args;
  checkOptions(name, options, pipeline.options);
  const ready = readyModel(name, model, pipeline.heads);
  const job = pipeline.prepare(ready, Array.isArray(given) ? given : [given], ...args);
  const results = await run(model, { what: name, job, options });
  return Array.isArray(given) ? results : results[0]!;
}
