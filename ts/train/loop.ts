import { AbortError } from "../errors.js";
import type { Model } from "../models/model.js";
import { type Pace, pacer } from "../platform/pacer.js";
import { totalSize } from "../tensor/tensor.js";
import { Average } from "./average.js";
import { Best } from "./best.js";
import { Meter } from "./meter.js";
import type { EpochLosses } from "./reading.js";
import type { ResolvedOptimization } from "./settings/optimization.js";
import type { RunOptions } from "./settings/run.js";
import { type TrainBatch, TrainStep } from "./step.js";
import { stepOptions } from "./stepOptions.js";
import { leavesModel, unstarted } from "./stopped.js";

/** What a run teaches a model, step by step, and how it is scored. `S`: the scores. */
export interface Course<S> {
  /** Steps in which all training data is seen once; undefined where batches are drawn from anywhere. */
  readonly perEpoch?: number | undefined;
  /** The batch of a step, from 0, in one or several micro-batches. It follows from the seed and the step alone. */
  batch(step: number): readonly TrainBatch[];
  /** Scores of the model as it is, on held-out data. Errors: AbortError. */
  evaluate(signal: AbortSignal | undefined): Promise<S>;
  /** Whether the first scores are better than the second; without it, the last step's model is the result. */
  better?(a: S, b: S): boolean;
  /** What the log says about an evaluation. */
  figures(scores: S): object;
  /** What a line of progress says about it. */
  inWords(scores: S): string;
}

/** How long a run is, and how often it is scored. */
export interface LoopSettings extends ResolvedOptimization {
  readonly steps: number;
  /** Steps between two evaluations; there is one after the last step too. */
  readonly evalEvery: number;
  /** Evaluations without a better one after which the run ends. Default: it does not end early. */
  readonly patience?: number | undefined;
}

/** How a training run went. */
export interface TrainingMetrics {
  /** Steps made. */
  readonly steps: number;
  /** Times the training texts were seen: a fraction where the training ended within an epoch. */
  readonly epochs: number;
  /** Seconds that the training took, evaluations included. */
  readonly seconds: number;
  /** Tokens trained on per second, without evaluations. */
  readonly tokensPerSecond: number;
  /** Numbers that were trained. */
  readonly parameters: number;
}

/** What the loop leaves beside the trained model. */
export interface Trained<S> {
  readonly training: Omit<TrainingMetrics, "epochs"> & { readonly epochs?: number };
  /** Scores of the model as it is; undefined for a run that was stopped. */
  readonly scores: S | undefined;
  /** Why an evaluation failed, which ended the run: the model is as it was after the last step. */
  readonly failure?: unknown;
  /** A line of JSON for each step and each evaluation. */
  readonly log: readonly string[];
  /** Losses at each evaluation; epochs are steps where the run has none. */
  readonly history: readonly EpochLosses[];
}

/**
 * Trains a model: every run goes through here. The model is left as it was at its best evaluation, or after the last step if the
 * course has no order of scores; a stopped run leaves it as it is and evaluates nothing. Errors: AbortError before the first step,
 * EngineError, and what listeners throw.
 */
export async function train<S>(
  model: Model,
  course: Course<S>,
  settings: LoopSettings,
  options: RunOptions,
): Promise<Trained<S>> {
  const step = new TrainStep(model, stepOptions(model, settings));
  try {
    const loop = new Loop(model, course, settings, options, step);
    return await loop.run().finally(() => loop.free());
  } finally {
    step.free();
  }
}

class Loop<S> {
  private readonly course: Course<S>;
  private readonly settings: LoopSettings;
  private readonly options: RunOptions;
  private readonly trainStep: TrainStep;
  private readonly model: Model;
  private readonly meter: Meter;
  private readonly best: Best<S>;
  private readonly average: Average | undefined;
  private readonly pause: Pace = pacer();
  private readonly log: string[] = [];
  private readonly history: EpochLosses[] = [];
  /** Losses of the steps since the last evaluation. */
  private losses: number[] = [];
  /** Evaluations since the best one. */
  private waited = 0;
  private isOver = false;
  private failure: unknown;

  constructor(model: Model, course: Course<S>, settings: LoopSettings, options: RunOptions, step: TrainStep) {
    [this.model, this.course, this.settings, this.options, this.trainStep] = [model, course, settings, options, step];
    this.meter = new Meter(settings.steps, course.perEpoch);
    this.best = new Best(model, course.better);
    if (settings.ema !== undefined) this.average = new Average(model, settings.ema);
  }

  async run(): Promise<Trained<S>> {
    await new Promise((resolve) => setTimeout(resolve)); // a stop that was asked for during the preparations
    const { steps, evalEvery } = this.settings;
    while (this.done < steps && !this.isStopped && !this.isOver && this.failure === undefined) {
      await this.step();
      if (!this.isStopped && (this.done % evalEvery === 0 || this.done === steps)) await this.evaluate();
    }
    if (this.done === 0) throw unstarted(this.options);
    const [training, scores] = [this.measured(), this.finish()];
    return { training, scores, log: this.log, history: this.history, failure: this.failure };
  }

  /** Leaves the model as it is to be saved: at its best, or else the average if there is one. */
  private finish(): S | undefined {
    const isWhole = !this.isStopped && this.failure === undefined;
    if (!isWhole || !this.best.keepsParameters) this.average?.swap();
    return isWhole ? this.best.restore() : undefined;
  }

  /** Gives the memory of the best parameters back. */
  free(): void {
    this.best.free();
    this.average?.free();
  }

  /** Steps made. */
  private get done(): number {
    return this.trainStep.step;
  }

  private get isStopped(): boolean {
    return this.options.signal?.aborted ?? false;
  }

  private async step(): Promise<void> {
    const { lr, step } = this.trainStep;
    const batch = this.course.batch(step);
    const tokens = batch.reduce((sum, { packed }) => sum + packed.tokens.length, 0);
    const event = this.meter.event(step + 1, lr, tokens, this.trainStep.run(batch));
    this.average?.update(this.done);
    this.losses.push(event.loss);
    this.log.push(JSON.stringify(event));
    this.options.onProgress?.(event);
    await this.pause();
  }

  private async evaluate(): Promise<void> {
    const { course, done } = this;
    const { signal, onMessage, onEvaluation } = this.options;
    try {
      const scores = await this.meter.outside(() => this.scored());
      const epoch = this.meter.epoch(done);
      const at = { step: done, ...(epoch !== undefined && { epoch }) };
      const valid = course.figures(scores);
      this.log.push(JSON.stringify({ ...at, valid }));
      this.remember((valid as { loss?: unknown }).loss);
      onMessage?.(`${this.place(epoch)}: ${course.inWords(scores)}`);
      if ((await onEvaluation?.({ ...at, metrics: valid })) === "stop") this.isOver = true;
      if (this.waited === this.settings.patience && !this.isOver) {
        this.isOver = true;
        onMessage?.(`nothing better in ${this.waited} evaluations: the training ends`);
      }
    } catch (error) {
      if (error instanceof AbortError && signal?.aborted) return;
      if (!leavesModel(error)) throw error;
      this.failure = error;
    }
  }

  /** Notes the losses of an evaluation and of the steps before it. */
  private remember(validLoss: unknown): void {
    const trainLoss = this.losses.reduce((sum, loss) => sum + loss, 0) / this.losses.length;
    const epoch = this.done / (this.course.perEpoch ?? 1);
    if (typeof validLoss === "number") this.history.push({ epoch, trainLoss, validLoss });
    this.losses = [];
  }

  /** Evaluates the model, or the average of its weights, and keeps it if it is the best so far. */
  private async scored(): Promise<S> {
    this.average?.swap();
    try {
      const scores = await this.course.evaluate(this.options.signal);
      this.waited = this.best.note(scores) ? 0 : this.waited + 1;
      return scores;
    } finally {
      this.average?.swap();
    }
  }

  /** Where the run is, in words: at the end of an epoch or after a step. */
  private place(epoch: number | undefined): string {
    const isEnd = epoch !== undefined && (this.done % this.course.perEpoch! === 0 || this.done === this.settings.steps);
    return isEnd ? `epoch ${epoch}` : `step ${this.done}`;
  }

  private measured(): Trained<S>["training"] {
    const { perEpoch } = this.course;
    const { seconds, tokensPerSecond } = this.meter;
    const steps = this.done;
    const parameters = totalSize(this.model.store.trained());
    return {
      ...{ steps, ...(perEpoch !== undefined && { epochs: steps / perEpoch }) },
      ...{ seconds, tokensPerSecond, parameters },
    };
  }
}
