import { sortedBatches } from "../data/batches.js";
import { AbortError, ConfigError } from "../errors.js";
import type { BatchStates, Model } from "../models/model.js";
import { pack } from "../nn/packed.js";
import { pacer } from "../platform/pacer.js";
import type { Job, PipelineOptions, Place } from "./pipeline.js";

/** Tokens that are computed at once, at most, unless a text alone has more. */
export const BATCH_TOKENS = 4096;

/** The options that a run uses. */
type RunOptions = Pick<PipelineOptions, "batchTokens" | "signal" | "onProgress">;

/** A caller's job; `what` names the call in errors. */
export interface Request<Found, Result> {
  readonly what: string;
  readonly job: Job<Found, Result>;
  readonly options: RunOptions;
}

/** Runs one job. Errors: those of the job; ConfigError for `batchTokens`; AbortError between two batches. */
export async function run<Found, Result>(model: Model, request: Request<Found, Result>): Promise<Result[]> {
  const [outcome] = await runTogether(model, [request]);
  if (outcome!.status === "rejected") throw outcome!.reason;
  return outcome!.value;
}

/**
 * Computes the jobs of several callers in shared batches of similar length, with the minimum of their `batchTokens`. Results have
 * the same bits as alone. An error, abort or listener of one caller ends only that caller's job; an error of a whole batch, such as
 * lack of memory, ends all jobs in it.
 */
export async function runTogether<Found, Result>(
  model: Model,
  requests: readonly Request<Found, Result>[],
): Promise<PromiseSettledResult<Result[]>[]> {
  const tasks = requests.map((request) => new Task(request));
  const waiting = tasks.filter(({ isOpen }) => isOpen);
  const all = waiting.flatMap((task) => task.sequences.map((sequence, index) => ({ task, sequence, index })));
  const lengths = all.map(({ sequence }) => sequence.ids.length);
  const tokens = Math.min(...waiting.map(({ batchTokens }) => batchTokens));
  const pause = pacer();
  for (const chosen of all.length > 0 ? sortedBatches(lengths, { tokens }) : []) {
    for (const task of waiting) task.checkSignal();
    const batch = chosen.map((i) => all[i]!).filter(({ task }) => task.isOpen);
    if (batch.length === 0) continue;
    const shares = sharesOf(batch);
    const packed = pack(
      batch.map(({ sequence }) => sequence.ids),
      batch.map(({ sequence }) => sequence.typeIds),
    );
    try {
      model.run(packed, (states) => {
        for (const [task, places] of shares) task.read(states, places);
      });
    } catch (error) {
      for (const task of shares.keys()) task.fail(error);
    }
    for (const [task, places] of shares) task.count(places);
    await pause();
  }
  return tasks.map((task) => task.outcome());
}

/** Which rows of a batch belong to which task. */
function sharesOf<T>(batch: readonly { task: T; index: number }[]): Map<T, Place[]> {
  const shares = new Map<T, Place[]>();
  for (const [row, { task, index }] of batch.entries()) {
    const places = shares.get(task);
    if (places) places.push({ row, index });
    else shares.set(task, [{ row, index }]);
  }
  return shares;
}

/** A job in progress: the values so far, or why it ended. */
class Task<Found, Result> {
  readonly sequences: Job<Found, Result>["sequences"];
  readonly batchTokens: number;
  readonly #request: Request<Found, Result>;
  readonly #found: Found[];
  #failure: { readonly reason: unknown } | undefined;
  #left: number;
  #done = 0;

  constructor(request: Request<Found, Result>) {
    const { what, job, options } = request;
    this.#request = request;
    this.sequences = job.sequences;
    this.batchTokens = options.batchTokens ?? BATCH_TOKENS;
    this.#left = job.sequences.length;
    this.#found = new Array<Found>(job.sequences.length);
    if (!(this.batchTokens >= 1))
      this.fail(new ConfigError(`${what}: batchTokens is ${this.batchTokens}, not 1 or more`));
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  fail(reason: unknown): void {
    this.#failure ??= { reason };
  }

  /** Ends the task if its signal was aborted and sequences are left. */
  checkSignal(): void {
    const { what, options } = this.#request;
    if (!options.signal?.aborted || this.#left === 0) return;
    this.fail(new AbortError(`${what} was aborted`, { cause: options.signal.reason }));
  }

  read(states: BatchStates, places: readonly Place[]): void {
    this.#attempt(() => {
      const made = this.#request.job.read(states, places);
      for (const [i, { index }] of places.entries()) this.#found[index] = made[i]!;
    });
  }

  /** Reports the sequences read to the listener. */
  count(places: readonly Place[]): void {
    const { job, options } = this.#request;
    const { uncounted = 0, sequences } = job;
    const counted = places.filter(({ index }) => index >= uncounted).length;
    this.#left -= places.length;
    this.#done += counted;
    if (counted === 0) return;
    this.#attempt(() => options.onProgress?.({ done: this.#done, total: sequences.length - uncounted }));
  }

  outcome(): PromiseSettledResult<Result[]> {
    let value: Result[] = [];
    this.#attempt(() => {
      value = this.#request.job.finish(this.#found);
    });
    return this.#failure ? { status: "rejected", reason: this.#failure.reason } : { status: "fulfilled", value };
  }

  #attempt(body: () => void): void {
    if (!this.isOpen) return;
    try {
      body();
    } catch (error) {
      this.fail(error);
    }
  }
}
