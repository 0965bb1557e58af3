import { AbortError } from "../errors.js";
import type { Files } from "../io/files.js";
import type { Model } from "../models/model.js";
import type { Content } from "../platform/index.js";
import { Average } from "./average.js";
import { Best } from "./best.js";
import type { LoopState } from "./checkpoint/state.js";
import { restoreSnapshot, snapshotFile } from "./checkpoint/tensors.js";
import type { Course, LoopSettings } from "./course.js";
import type { Meter } from "./meter.js";
import type { EpochLosses } from "./reading.js";
import type { RunOptions } from "./settings/run.js";
import { leavesModel } from "./stopped.js";

/** Files of a checkpoint that hold other values of the parameters. */
const [AVERAGE, BEST] = ["average.safetensors", "best.safetensors"];

/** What the evaluations of a run are made of. */
export interface EvaluationParts<S> {
  readonly model: Model;
  readonly course: Course<S>;
  readonly settings: LoopSettings;
  readonly options: RunOptions;
  readonly meter: Meter;
  /** Adds a line to the log. */
  log(line: object): void;
}

/** What a run knows of its held-out data: when it is scored, the best scores, and when there is nothing more to win. */
export class Evaluations<S> {
  private readonly parts: EvaluationParts<S>;
  private readonly best: Best;
  private readonly average: Average | undefined;
  /** Losses at each evaluation. */
  history: EpochLosses[] = [];
  /** Losses of the steps since the last evaluation. */
  private losses: number[] = [];
  /** Evaluations since the best one. */
  private waited = 0;
  /** Scores of the best evaluation, if it was made in this process. */
  private scores: S | undefined;
  /** Whether no further step is to be made. */
  isOver = false;
  /** Why an evaluation failed, if one did. */
  failure: unknown;

  /** Makes memory for what is kept of the parameters. Errors: EngineError where there is none. */
  constructor(parts: EvaluationParts<S>) {
    this.parts = parts;
    const { model, course, settings } = parts;
    this.best = new Best(model, course.better);
    if (settings.ema !== undefined) this.average = new Average(model, settings.ema);
  }

  /** Notes step `step`, from 1, and the loss before it. */
  note(step: number, loss: number): void {
    this.average?.update(step);
    this.losses.push(loss);
  }

  /** Evaluates the model after step `step`, if it is time and has not been done. Errors: those that leave no model worth saving. */
  async after(step: number): Promise<void> {
    const { evalEvery, steps } = this.parts.settings;
    const isTime = step % evalEvery === 0 || step === steps;
    if (!isTime || this.losses.length === 0 || this.isStopped) return;
    try {
      await this.evaluate(step);
    } catch (error) {
      this.end(error);
    }
  }

  private async evaluate(step: number): Promise<void> {
    const { course, settings, options, meter, log } = this.parts;
    const { onMessage, onEvaluation } = options;
    const scores = await meter.outside(() => this.scored(step));
    const epoch = meter.epoch(step);
    const at = { step, ...(epoch !== undefined && { epoch }) };
    const valid = course.figures(scores);
    log({ ...at, valid });
    this.remember(step, (valid as { loss?: unknown }).loss);
    const isEnd = epoch !== undefined && (step % course.perEpoch! === 0 || step === settings.steps);
    onMessage?.(`${isEnd ? `epoch ${epoch}` : `step ${step}`}: ${course.inWords(scores)}`);
    if ((await onEvaluation?.({ ...at, metrics: valid })) === "stop") this.isOver = true;
    if (this.waited !== settings.patience || this.isOver) return;
    this.isOver = true;
    onMessage?.(`nothing better in ${this.waited} evaluations: the training ends`);
  }

  /** Evaluates the model, or the average of its weights, and keeps it if it is the best so far. */
  private async scored(step: number): Promise<S> {
    this.average?.swap();
    try {
      const { course, options } = this.parts;
      const scores = await course.evaluate(options.signal);
      const isBest = this.best.note(course.figures(scores), step);
      this.waited = isBest ? 0 : this.waited + 1;
      if (isBest) this.scores = scores;
      return scores;
    } finally {
      this.average?.swap();
    }
  }

  /** Notes the losses of an evaluation and of the steps before it. */
  private remember(step: number, validLoss: unknown): void {
    const trainLoss = this.losses.reduce((sum, loss) => sum + loss, 0) / this.losses.length;
    const epoch = step / (this.parts.course.perEpoch ?? 1);
    if (typeof validLoss === "number") this.history.push({ epoch, trainLoss, validLoss });
    this.losses = [];
  }

  /** Notes why an evaluation ended early; what is not an abort ends the run. */
  private end(error: unknown): void {
    if (error instanceof AbortError && this.isStopped) return;
    if (!leavesModel(error)) throw error;
    this.failure = error;
  }

  private get isStopped(): boolean {
    return this.parts.options.signal?.aborted ?? false;
  }

  /** Whether nothing ended the run early but its own rules. */
  get isWhole(): boolean {
    return !this.isStopped && this.failure === undefined;
  }

  /** Leaves the model as it is to be saved, at its best, or else the average if there is one; gives its scores if the run is whole. */
  async finish(): Promise<S | undefined> {
    if (!this.isWhole || !this.best.keepsParameters) this.average?.swap();
    if (!this.isWhole) return undefined;
    this.best.restore();
    const { course, options, meter } = this.parts;
    try {
      // What was scored before an interruption is scored again: its figures alone were kept.
      return this.scores ?? (await meter.outside(() => course.evaluate(options.signal)));
    } catch (error) {
      this.end(error);
      return undefined;
    }
  }

  /** The step whose evaluation was the best one, if that is what the model is. */
  get bestStep(): number | undefined {
    return this.isWhole && this.best.keepsParameters ? this.best.step : undefined;
  }

  /** What a checkpoint says of it. */
  state(): Omit<LoopState, "step" | "taken"> {
    const { waited, isOver, losses, history, best } = this;
    const state = { waited, isOver, losses: [...losses], history: [...history] };
    return best.figures === undefined ? state : { ...state, best: { figures: best.figures, step: best.step! } };
  }

  /** What a checkpoint keeps of the parameters beside the model's own. */
  files(): ReadonlyMap<string, Content> {
    return new Map([
      ...(this.average ? [[AVERAGE, snapshotFile(this.average.copy)] as const] : []),
      ...(this.best.copy && this.best.keepsParameters ? [[BEST, snapshotFile(this.best.copy)] as const] : []),
    ]);
  }

  /** Goes on from a checkpoint. Errors: CheckpointError. */
  async restore({ best, waited, isOver, losses, history }: LoopState, files: Files): Promise<void> {
    if (this.average) await restoreSnapshot(this.average.copy, files, AVERAGE);
    if (this.best.copy && best !== undefined) await restoreSnapshot(this.best.copy, files, BEST);
    [this.best.figures, this.best.step] = [best?.figures, best?.step];
    [this.waited, this.isOver, this.losses, this.history] = [waited, isOver, [...losses], [...history]];
  }

  /** Gives the memory of what was kept back. */
  free(): void {
    this.best.free();
    this.average?.free();
  }
}
