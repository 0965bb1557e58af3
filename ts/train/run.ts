import { AbortError, ConfigError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import type { Model } from "../models/model.js";
import { checkModelFolder } from "../models/modelFolder.js";
import { modelFiles } from "../models/save.js";
import { AdamW } from "../optim/adamw.js";
import type { Trainable } from "../optim/optimizer.js";
import * as schedules from "../optim/schedules.js";
import type { TrainingEvent } from "./meter.js";
import type { ResolvedSettings } from "./settings.js";
import type { OptimizationSettings, TrainStepOptions } from "./step.js";

/** Where any training begins, where it ends, and who hears of it. */
export interface RunOptions {
  /** A model to begin with, instead of fresh weights and a tokenizer of its own. */
  readonly init?: FileSource | undefined;
  /** A folder to save the model in, with metrics and log. */
  readonly out?: string | undefined;
  /** Stops after the step that runs: the model is saved in `out` as it is, and AbortError thrown. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What happens then: "throw" throws the AbortError, "return" gives the model as it is, if there was a step.
   * @default "throw"
   */
  readonly whenAborted?: "throw" | "return" | undefined;
  /** Hears of every step. */
  readonly onProgress?: ((event: TrainingEvent) => void) | undefined;
  /** Hears what is going on, a line each. */
  readonly onMessage?: ((line: string) => void) | undefined;
}

/** Whether {@link RunOptions} can be met, before anything is made. Errors: ConfigError, and those of {@link checkModelFolder}. */
export async function checkRun({ out, whenAborted = "throw" }: RunOptions): Promise<void> {
  if (whenAborted !== "throw" && whenAborted !== "return")
    throw new ConfigError(`whenAborted is ${JSON.stringify(whenAborted)}, not "throw" or "return"`);
  // What the model's tokenizer has of files is known when there is one: see `checkResult`.
  if (out !== undefined) await checkModelFolder(out, ["config.json", "model.safetensors", ...records({}, []).keys()]);
}

/** Whether a model that is about to be trained can be saved in `out`. Errors: those of {@link checkModelFolder}. */
export async function checkResult(model: Model, { out }: RunOptions): Promise<void> {
  if (out !== undefined) await checkModelFolder(out, [...modelFiles(model, { files: records({}, []) }).keys()]);
}

/** What a run of `steps` steps asks of a step. */
export function stepOptions(
  settings: Pick<ResolvedSettings, keyof OptimizationSettings>,
  steps: number,
): TrainStepOptions {
  const { seed, weightDecay, maxGradNorm, recompute, featureRedrawInterval } = settings;
  const optimizer = (model: Trainable) => new AdamW(model, { weightDecay, maxGradNorm });
  return { seed, recompute, featureRedrawInterval, schedule: riseAndFall(settings, steps), optimizer };
}

/** The rate rises linearly, and falls to what would be 0 after the last step: no step is without effect. */
function riseAndFall({ lr, warmup }: { lr: number; warmup: number }, steps: number): (step: number) => number {
  const rate = schedules.create("linear", { lr, warmup: Math.round(warmup * steps), total: steps + 1 });
  return (step) => rate(step + 1);
}

/** What is saved beside the model. */
export const records = (metrics: object, log: readonly string[]): Map<string, string> =>
  new Map([
    ["metrics.json", `${JSON.stringify(metrics, null, 2)}\n`],
    ["log.jsonl", log.map((line) => `${line}\n`).join("")],
  ]);

/** What is thrown where `signal` comes before the first step: there is nothing worth saving. */
export const unstarted = ({ signal }: Pick<RunOptions, "signal">): AbortError =>
  new AbortError("stopped before the first step; nothing was saved", { cause: signal?.reason });

/** Throws where it came later, after the model was saved, unless the model is wanted as it is. */
export function endStopped(steps: number, { out, signal, whenAborted }: RunOptions): void {
  if (!signal?.aborted || whenAborted === "return") return;
  const saved = out === undefined ? "" : `; the model is saved in ${out} as it stands`;
  throw new AbortError(`stopped after step ${steps}${saved}`, { cause: signal.reason });
}
