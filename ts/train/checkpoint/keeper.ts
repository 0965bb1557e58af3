import { ConfigError, EngineError } from "../../errors.js";
import type { Files } from "../../io/files.js";
import type { Model } from "../../models/model.js";
import { modelFiles } from "../../models/save.js";
import type { Content } from "../../platform/index.js";
import type { LoopSettings } from "../course.js";
import type { RunRecord } from "../record.js";
import type { RunOptions } from "../settings/run.js";
import { rateOf } from "../stepOptions.js";
import { type Fingerprint, fingerprintOf, requireSame } from "./fingerprint.js";
import { type CheckpointState, type LoopState, readState, withState } from "./state.js";
import { type CheckpointStore, openStore } from "./store.js";

/** A run whose checkpoints are kept. */
export interface KeptRun {
  readonly model: Model;
  readonly settings: LoopSettings;
  readonly record: RunRecord;
  /** Hashes of the data by its parts. */
  hashData(): Promise<Readonly<Record<string, string>>>;
}

/** What a loop gives to be kept, and takes to go on. */
export interface Resumable {
  /** Steps made. */
  readonly done: number;
  /** Where it stands: copies, for a checkpoint. */
  state(): LoopState;
  /** Its own files, beside those of the model, by name. */
  files(): ReadonlyMap<string, Content>;
  /** Goes on from what {@link state} and {@link files} gave, and the model's files. */
  restore(state: LoopState, files: Files): Promise<void>;
}

/** Minutes between two checkpoints where nothing else is said: what a crash may cost. */
const MINUTES = 10;
/** Checkpoints that are kept: the last may be the one that a crash interrupts. */
const KEPT = 2;

/** Where the checkpoints of a run go: undefined for a run without any. Errors: ConfigError for settings without a place. */
export function placeOf(options: RunOptions): string | FileSystemDirectoryHandle | undefined {
  const { out, checkpoints = out === undefined ? undefined : `${out}/checkpoints` } = options;
  const set = (["resume", "saveEvery", "saveMinutes", "keepCheckpoints"] as const).find((name) => options[name]);
  if (checkpoints === undefined && set !== undefined)
    throw new ConfigError(`${set} needs a place for checkpoints: out, a folder for the model, or checkpoints`);
  return checkpoints;
}

/** Keeps the checkpoints of one run. */
export class Keeper {
  private readonly store: CheckpointStore;
  private readonly run: KeptRun;
  private readonly options: RunOptions;
  private last: number | undefined;
  private savedAt = performance.now();
  /** Checkpoints of earlier runs, which the first of this one replaces. */
  private older: readonly number[] = [];
  private made: number[] = [];
  /** Whether somebody asked for checkpoints when the run began. */
  private wasAsked = false;
  private fingerprint: Promise<Fingerprint> | undefined;

  constructor(place: string | FileSystemDirectoryHandle, run: KeptRun, options: RunOptions) {
    [this.store, this.run, this.options] = [openStore(place), run, options];
  }

  /** Whether somebody asked for checkpoints: they stay when the run has ended. */
  private get isAsked(): boolean {
    const { saveEvery, saveMinutes, checkpoints } = this.options;
    return this.wasAsked || [saveEvery, saveMinutes, checkpoints].some((option) => option !== undefined);
  }

  /** Runs `body` while no other training uses the place. Errors: CheckpointError if one does, and those of `body`. */
  async alone<T>(body: () => Promise<T>): Promise<T> {
    const release = await this.store.claim();
    try {
      return await body();
    } finally {
      await release().catch(() => undefined);
      await this.store.removeEmpty().catch(() => undefined);
    }
  }

  /**
   * Restores the newest checkpoint that is whole, if the run is to be resumed. Errors: ConfigError or DataError for a checkpoint of
   * another run.
   */
  async begin(loop: Resumable): Promise<void> {
    const { resume = false, onMessage = () => {} } = this.options;
    const found = await this.store.list().catch(() => []);
    if (!resume) {
      this.older = found;
      if (found.length > 0)
        onMessage(
          `${this.store.name} has checkpoints of an earlier run, which this run replaces; resume goes on with them`,
        );
      return;
    }
    await this.store.sweep().catch(() => undefined); // a folder that nothing can be removed from: see `save`
    for (const step of found.toReversed()) {
      const files = await this.store.open(step);
      const state = await this.whole(files, step);
      if (state === undefined) continue;
      await this.check(files.name, state);
      await loop.restore(state.loop, files);
      this.wasAsked = state.isAsked;
      [this.last, this.made] = [step, found.filter((one) => one <= step)];
      onMessage(`resumed from ${this.nameOf(step)}`);
      return;
    }
    onMessage(`${this.store.name} has no checkpoint to resume from: training starts from the beginning`);
  }

  /** The state of a checkpoint; undefined, with a message, for a damaged one. */
  private async whole(files: Files, step: number): Promise<CheckpointState | undefined> {
    try {
      return await readState(files, step);
    } catch (error) {
      this.options.onMessage?.(`${(error as Error).message}: the checkpoint before it is used`);
      return undefined;
    }
  }

  private async check(name: string, { run, loop }: CheckpointState): Promise<void> {
    const now = await this.current();
    requireSame(name, run, now);
    const { model, settings } = this.run;
    const [before, steps] = [Number(run.settings.steps), settings.steps];
    if (steps < loop.step)
      throw new ConfigError(`resume: steps is ${steps}, and ${name} has made ${loop.step} steps already`);
    const rates = [rateOf(model, { ...settings, steps: before }), rateOf(model, settings)] as const;
    for (let step = 0; step < Math.min(before, steps); step++)
      if (rates[0](step) !== rates[1](step))
        throw new ConfigError(
          `resume: the run has ${steps} steps, and ${name} was made with ${before}: with schedule "${settings.schedule}" ` +
            "the learning rates of its first steps depend on that",
        );
    if (run.version !== now.version)
      this.options.onMessage?.(`${name} is of version ${run.version}: version ${now.version} may compute other digits`);
  }

  private current(): Promise<Fingerprint> {
    const { record, model } = this.run;
    this.fingerprint ??= this.run.hashData().then((data) => fingerprintOf(record, data, model));
    return this.fingerprint;
  }

  /** Writes a checkpoint if it is time for one. */
  async note(loop: Resumable): Promise<void> {
    const { saveEvery, saveMinutes = saveEvery === undefined ? MINUTES : Number.POSITIVE_INFINITY } = this.options;
    const isDue = saveEvery !== undefined && loop.done % saveEvery === 0;
    if (isDue || performance.now() - this.savedAt >= 60_000 * saveMinutes) await this.save(loop);
  }

  /** Writes the last checkpoint of a run whose steps are made, so that a later one may go on from it. */
  async finish(loop: Resumable): Promise<void> {
    if (this.isAsked) await this.save(loop);
  }

  /** Writes a checkpoint. A failure is a message: training goes on. */
  async save(loop: Resumable): Promise<void> {
    if (loop.done === this.last) return;
    const state = loop.state();
    try {
      if (this.last === undefined) await this.store.sweep();
      const files = new Map([...modelFiles(this.run.model), ...loop.files()]);
      await this.store.write(
        state.step,
        withState(files, { run: await this.current(), loop: state, isAsked: this.isAsked }),
      );
      this.last = state.step;
      this.made.push(state.step);
      await this.prune();
    } catch (error) {
      const kept = this.newest === undefined ? "" : `; ${this.newest} stays`;
      this.options.onMessage?.(
        `the checkpoint of step ${state.step} could not be written: ${(error as Error).message}${kept}; training goes on`,
      );
    }
    this.savedAt = performance.now();
  }

  private async prune(): Promise<void> {
    const kept = this.options.keepCheckpoints ?? KEPT;
    const old = this.made.splice(0, Math.max(0, this.made.length - kept));
    const replaced = this.older.filter((one) => !this.made.includes(one));
    this.older = [];
    for (const step of [...replaced, ...old])
      await this.store.remove(step).catch((error: Error) => {
        this.options.onMessage?.(`${this.nameOf(step)} could not be removed: ${error.message}`);
      });
  }

  /** Removes the checkpoints of a run that is finished and saved, unless somebody asked for them. */
  async end(): Promise<void> {
    if (this.isAsked) return;
    for (const step of new Set([...this.older, ...this.made])) await this.store.remove(step).catch(() => undefined);
  }

  /** The name of the newest checkpoint of this run, if there is one. */
  get newest(): string | undefined {
    return this.last === undefined ? undefined : this.nameOf(this.last);
  }

  /** A failure of the training, naming the checkpoint before it. */
  naming(error: unknown): unknown {
    if (this.newest === undefined || !(error instanceof EngineError)) return error;
    const { message, reason, cause } = error;
    return new EngineError(`${message}; ${this.newest} is the last checkpoint before it`, { reason, cause });
  }

  private nameOf(step: number): string {
    return `${this.store.name}/step-${step}`;
  }
}
