import { AbortError, ConfigError, UnsavedError } from "../errors.js";
import type { Model } from "../models/model.js";
import { checkModelFolder } from "../models/modelFolder.js";
import { checkSave } from "../models/save.js";
import type { HeadName } from "../nn/heads/index.js";
import { platform } from "../platform/index.js";
import type { RoFormer } from "../roformer.js";
import { cardFor } from "./card.js";
import { Keeper, placeOf } from "./checkpoint/keeper.js";
import type { Course, LoopSettings, Trained } from "./course.js";
import { saveResult } from "./keep.js";
import { train } from "./loop.js";
import type { EpochLosses } from "./reading.js";
import type { Part, RunRecord } from "./record.js";
import { flag, positive, whole } from "./settings/rules.js";
import type { RunOptions, WhenAborted } from "./settings/run.js";
import { endStopped, leavesModel } from "./stopped.js";
import { watched } from "./watched.js";

/** A run that is ready to begin. */
export interface Prepared<H extends HeadName, S> {
  /** The caller's, until {@link run} takes it. */
  readonly model: RoFormer<H>;
  readonly course: Course<S>;
  readonly settings: LoopSettings;
  readonly record: RunRecord;
  /** Hashes of all data, by its parts. */
  hashData(): Promise<Readonly<Record<string, string>>>;
  /** What is still to be decided about a trained model: gives the scores that count, if they are others than the course's. Errors: as of `test`. */
  readonly settle?: ((signal: AbortSignal | undefined) => Promise<S | undefined>) | undefined;
  /** Scores of the finished model on data that had no part in the training; without it, those of the course count. */
  readonly test?: ((signal: AbortSignal | undefined) => Promise<S>) | undefined;
}

/** The model after a run, its scores, and how the training went. */
export interface Outcome<H extends HeadName, S> {
  readonly model: RoFormer<H>;
  /** Undefined for a run that was stopped. */
  readonly scores: S | undefined;
  readonly training: Trained<S>["training"];
  /** What the scores were made on. */
  readonly part: Part;
  readonly history: readonly EpochLosses[];
}

/** Refuses {@link RunOptions} that cannot be met, before anything is made. Errors: ConfigError, and those of {@link checkModelFolder}. */
export async function checkRun(options: RunOptions & WhenAborted): Promise<void> {
  const { out, whenAborted = "throw" } = options;
  for (const name of ["onPlan", "onProgress", "onEvaluation", "onMessage"] as const)
    if (options[name] !== undefined && typeof options[name] !== "function")
      throw new ConfigError(`${name} is ${String(options[name])}; expected a function`);
  checkCheckpoints(options);
  if (whenAborted !== "throw" && whenAborted !== "return")
    throw new ConfigError(`whenAborted is ${JSON.stringify(whenAborted)}, not "throw" or "return"`);
  // What the model's tokenizer has of files is known when there is one: see `run`.
  if (out !== undefined) await checkModelFolder(out, ["config.json", "model.safetensors", ...records({}, []).keys()]);
}

/**
 * Trains, scores, saves and returns what `resultOf` makes of it. A stopped run is saved as it stands and scored by nothing. The
 * model is closed if the run fails. Errors: those of {@link train}, UnsavedError with the result, AbortError.
 */
export async function run<H extends HeadName, S, R extends { readonly model: RoFormer; readonly metrics: object }>(
  prepared: Prepared<H, S>,
  options: RunOptions & WhenAborted,
  resultOf: (outcome: Outcome<H, S>) => R,
): Promise<R> {
  try {
    await checkResult(prepared.model, options);
    const place = placeOf(options);
    if (place === undefined) return await carryOut(prepared, options, resultOf);
    const keeper = new Keeper(place, prepared, options);
    return await keeper.alone(() => carryOut(prepared, options, resultOf, keeper));
  } catch (error) {
    if (!(error instanceof UnsavedError)) prepared.model.close();
    throw error;
  }
}

async function carryOut<H extends HeadName, S, R extends { readonly model: RoFormer; readonly metrics: object }>(
  { model, course, settings, settle, test }: Prepared<H, S>,
  options: RunOptions & WhenAborted,
  resultOf: (outcome: Outcome<H, S>) => R,
  keeper?: Keeper,
): Promise<R> {
  const { out, signal } = options;
  const trained = await watched(options, (own) => train(model, course, settings, own, keeper));
  const { training, log, history } = trained;
  const { scores, failure = trained.failure } = await scored(trained.scores, [settle, test], signal);
  const result = resultOf({ model, scores, training, part: test ? "test" : "validation", history });
  const mark = scores === undefined ? { stopped: true } : {};
  if (out !== undefined) {
    const card = await cardFor(result, out, options);
    await saveResult(result, out, new Map([...records({ ...result.metrics, ...mark }, log), ...card]));
  }
  if (failure !== undefined) throw failure;
  if (scores === undefined) endStopped(training.steps, keeper?.newest, options);
  else await keeper?.end();
  return result;
}

const CHECKPOINT_RULES = { saveEvery: whole(1), saveMinutes: positive, keepCheckpoints: whole(1), resume: flag };

const inWords = (value: unknown): string =>
  typeof value === "string" || Array.isArray(value) ? JSON.stringify(value) : String(value);

/** Errors: ConfigError. */
function checkCheckpoints(options: RunOptions): void {
  for (const [name, { fits, want }] of Object.entries(CHECKPOINT_RULES)) {
    const value = options[name as keyof typeof CHECKPOINT_RULES];
    if (value !== undefined && !fits(value)) throw new ConfigError(`${name} is ${inWords(value)}; expected ${want}`);
  }
  const { checkpoints } = options;
  const isHandle = typeof (checkpoints as FileSystemDirectoryHandle | undefined)?.getDirectoryHandle === "function";
  const isPath = typeof checkpoints === "string" && /^[^\0]+$/.test(checkpoints);
  if (checkpoints !== undefined && !isHandle && !isPath)
    throw new ConfigError(
      `checkpoints is ${inWords(checkpoints)}; expected the path of a folder or a FileSystemDirectoryHandle`,
    );
  if (typeof placeOf(options) === "string" && !platform.isNode)
    throw new ConfigError("checkpoints is a path, which a page cannot write to; expected a FileSystemDirectoryHandle");
}

/** Whether a model that is about to be trained can be saved in `out`. Errors: those of {@link checkSave}. */
async function checkResult(model: Model, { out }: RunOptions): Promise<void> {
  if (out !== undefined) await checkSave(out, model, { files: records({}, []) });
}

/**
 * The last scores that are made after those of the course: of the test, if there is one. What fails, or is stopped, leaves the model without
 * scores: it is saved all the same.
 */
async function scored<S>(
  held: S | undefined,
  makers: readonly Prepared<HeadName, S>["settle"][],
  signal: AbortSignal | undefined,
): Promise<{ readonly scores: S | undefined; readonly failure?: unknown }> {
  if (held === undefined) return { scores: held };
  try {
    let scores = held;
    for (const make of makers) scores = (await make?.(signal)) ?? scores;
    return { scores };
  } catch (error) {
    if (error instanceof AbortError && signal?.aborted) return { scores: undefined };
    if (!leavesModel(error)) throw error;
    return { scores: undefined, failure: error };
  }
}

/** What is saved beside the model. */
function records(metrics: object, log: readonly string[]): Map<string, string> {
  const peakMemory = platform.peakMemory();
  const all = { ...metrics, ...(peakMemory !== undefined && { peakMemory }) };
  return new Map([
    ["metrics.json", `${JSON.stringify(all, null, 2)}\n`],
    ["log.jsonl", log.map((line) => `${line}\n`).join("")],
  ]);
}
