import type { LoadOptions } from "../models/load.js";
import type { PipelineOptions } from "../pipelines/pipeline.js";
import { RoFormer } from "../roformer.js";
import type { Call } from "./command.js";
import { modelSource } from "./modelSource.js";
import { flag, type OptionSpec, path } from "./option.js";

/** Options of commands that use a model. */
export const modelOptions: readonly OptionSpec[] = [
  { flags: "--model <folder>", help: "the model", parse: path },
  {
    flags: "--int8",
    help: "keep the weights as int8: a quarter of the memory, about twice the speed",
    parse: flag,
    isFlag: true,
  },
];

/**
 * Calls `use` with the model of {@link modelOptions} and the options for pipelines, which show progress.
 */
export async function withModel<T>(
  call: Call,
  load: Pick<LoadOptions, "head">,
  use: (model: RoFormer, settings: PipelineOptions) => Promise<T>,
): Promise<T> {
  const { options, out, signal } = call;
  const source = modelSource(options.model as string, call);
  const model = await RoFormer.load(source, { ...load, int8: options.int8 === true, signal });
  let bar: ReturnType<typeof out.progress> | undefined;
  const onProgress = ({ done, total }: { done: number; total: number }) => {
    if (total < 2) return;
    bar ??= out.progress(total, "texts");
    bar.update(done, "");
  };
  const { maxLength } = options as { maxLength?: number };
  try {
    return await use(model, { signal, onProgress, ...(maxLength !== undefined && { maxLength }) });
  } finally {
    bar?.end();
    model.close();
  }
}
