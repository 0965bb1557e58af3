import { AbortError } from "../errors.js";
import type { Files } from "../io/files.js";
import type { Model } from "../models/model.js";
import type { Content } from "../platform/index.js";
import { type Pace, pacer } from "../platform/pacer.js";
import { totalSize } from "../tensor/tensor.js";
import { Average } from "./average.js";
import { Best } from "./best.js";
import type { Keeper, Resumable } from "./checkpoint/keeper.js";
import type { LoopState } from "./checkpoint/state.js";
import { optimizerFile, optimizerState, restoreModel, restoreSnapshot, snapshotFile } from "./checkpoint/tensors.js";
import type { Course, LoopSettings, Trained } from "./course.js";
import { Meter } from "./meter.js";
import type { EpochLosses } from "./reading.js";
import type { RunOptions } from "./settings/run.js";
import { type StepResult, TrainStep } from "./step.js";
import { stepOptions } from "./stepOptions.js";
import { leavesModel, unstarted } from "./stopped.js";

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
  keeper?: Keeper,
): Promise<Trained<S>> {
  const step = new TrainStep(model, stepOptions(model, settings));
  try {
    const loop = new Loop({ model, course, settings, options, step, keeper });
    return await loop.run().finally(() => loop.free());
  } finally {
    step.free();
  }
}

/** Files of a checkpoint that hold other values of the parameters. */
const [AVERAGE, BEST] = ["average.safetensors", "best.safetensors"];

/** What a {@link Loop} is made of. */
interface LoopParts<S> {
  readonly model: Model;
  readonly course: Course<S>;
  readonly settings: LoopSettings;
  readonly options: RunOptions;
  readonly step: TrainStep;
  readonly keeper: Keeper | undefined;
}

class Loop<S> implements Resumable {
  private readonly parts: LoopParts<S>;
  private readonly meter: Meter;
  private readonly best: Best;
  private readonly average: Average | undefined;
  private readonly pause: Pace = pacer();
  private log: string[] = [];
  private history: EpochLosses[] = [];
  /** Losses of the steps since the last evaluation. */
  private losses: number[] = [];
  /** Evaluations since the best one. */
  private waited = 0;
  private isOver = false;
  /** Scores of the best evaluation, if it was made in this process. */
  private scores: S | undefined;
  private failure: unknown;

  constructor(parts: LoopParts<S>) {
    this.parts = parts;
    const { model, course, settings } = parts;
    this.meter = new Meter(settings.steps, course.perEpoch);
    this.best = new Best(model, course.better);
    if (settings.ema !== undefined) this.average = new Average(model, settings.ema);
  }

  async run(): Promise<Trained<S>> {
    await new Promise((resolve) => setTimeout(resolve)); // a stop that was asked for during the preparations
    const { keeper, settings, options } = this.parts;
    await keeper?.begin(this);
    if (this.isEvaluationDue) await this.evaluate(); // the interruption was before it
    while (this.done < settings.steps && this.isWhole && !this.isOver) {
      await this.step();
      if (this.isEvaluationDue) await this.evaluate();
      if (this.isWhole) await keeper?.note(this);
    }
    if (this.done === 0) throw unstarted(options);
    await (this.isWhole ? keeper?.finish(this) : keeper?.save(this));
    const [training, scores] = [this.measured(), await this.finish()];
    return { training, scores, log: this.log, history: this.history, failure: this.failure };
  }

  /** Whether the model has not been evaluated after its last step, and should be. */
  private get isEvaluationDue(): boolean {
    const { evalEvery, steps } = this.parts.settings;
    const isTime = this.done % evalEvery === 0 || this.done === steps;
    return isTime && this.losses.length > 0 && !this.isStopped;
  }

  /** Whether nothing ended the run early but its own rules. */
  private get isWhole(): boolean {
    return !this.isStopped && this.failure === undefined;
  }

  /** Leaves the model as it is to be saved: at its best, or else the average if there is one. */
  private async finish(): Promise<S | undefined> {
    if (!this.isWhole || !this.best.keepsParameters) this.average?.swap();
    if (!this.isWhole) return undefined;
    this.best.restore();
    const { course, options } = this.parts;
    try {
      // What was scored before an interruption is scored again: its figures alone were kept.
      return this.scores ?? (await this.meter.outside(() => course.evaluate(options.signal)));
    } catch (error) {
      this.endEvaluation(error);
      return undefined;
    }
  }

  state(): LoopState {
    const { done: step, waited, isOver, losses, history, best } = this;
    const state = { step, waited, isOver, losses, history, taken: this.meter.taken() };
    return best.figures === undefined ? state : { ...state, best: best.figures };
  }

  files(): ReadonlyMap<string, Content> {
    return new Map([
      ["optimizer.safetensors", optimizerFile(this.parts.step.state())],
      ...(this.average ? [[AVERAGE, snapshotFile(this.average.copy)] as const] : []),
      ...(this.best.copy && this.best.keepsParameters ? [[BEST, snapshotFile(this.best.copy)] as const] : []),
      ["log.jsonl", this.log.map((line) => `${line}\n`).join("")],
    ]);
  }

  async restore(state: LoopState, files: Files): Promise<void> {
    const { model, step } = this.parts;
    await restoreModel(model, files);
    await step.restore(await optimizerState(files, "optimizer.safetensors", state.step));
    if (this.average) await restoreSnapshot(this.average.copy, files, AVERAGE);
    if (this.best.copy && state.best !== undefined) await restoreSnapshot(this.best.copy, files, BEST);
    this.best.figures = state.best;
    [this.waited, this.isOver, this.losses, this.history] = [
      state.waited,
      state.isOver,
      [...state.losses],
      [...state.history],
    ];
    this.log = new TextDecoder()
      .decode(await files.read("log.jsonl"))
      .split("\n")
      .slice(0, -1);
    this.meter.restore(state.taken);
  }

  /** Gives the memory of the best parameters back. */
  free(): void {
    this.best.free();
    this.average?.free();
  }

  /** Steps made. */
  private get done(): number {
    return this.parts.step.step;
  }

  private get isStopped(): boolean {
    return this.parts.options.signal?.aborted ?? false;
  }

  private async step(): Promise<void> {
    const { course, options, step: trainStep, keeper } = this.parts;
    const { lr, step } = trainStep;
    const batch = course.batch(step);
    const tokens = batch.reduce((sum, { packed }) => sum + packed.tokens.length, 0);
    let result: StepResult;
    try {
      result = trainStep.run(batch);
    } catch (error) {
      throw keeper?.naming(error) ?? error;
    }
    const event = this.meter.event(step + 1, lr, tokens, result);
    this.average?.update(this.done);
    this.losses.push(event.loss);
    this.log.push(JSON.stringify(event));
    options.onProgress?.(event);
    await this.pause();
  }

  private async evaluate(): Promise<void> {
    const { done } = this;
    const { course, settings, options } = this.parts;
    const { onMessage, onEvaluation } = options;
    try {
      const scores = await this.meter.outside(() => this.scored());
      const epoch = this.meter.epoch(done);
      const at = { step: done, ...(epoch !== undefined && { epoch }) };
      const valid = course.figures(scores);
      this.log.push(JSON.stringify({ ...at, valid }));
      this.remember((valid as { loss?: unknown }).loss);
      onMessage?.(`${this.place(epoch)}: ${course.inWords(scores)}`);
      if ((await onEvaluation?.({ ...at, metrics: valid })) === "stop") this.isOver = true;
      if (this.waited === settings.patience && !this.isOver) {
        this.isOver = true;
        onMessage?.(`nothing better in ${this.waited} evaluations: the training ends`);
      }
    } catch (error) {
      this.endEvaluation(error);
    }
  }

  /** Notes why an evaluation ended early; what is not an abort ends the run. Errors: those that leave no model worth saving. */
  private endEvaluation(error: unknown): void {
    if (error instanceof AbortError && this.isStopped) return;
    if (!leavesModel(error)) throw error;
    this.failure = error;
  }

  /** Notes the losses of an evaluation and of the steps before it. */
  private remember(validLoss: unknown): void {
    const trainLoss = this.losses.reduce((sum, loss) => sum + loss, 0) / this.losses.length;
    const epoch = this.done / (this.parts.course.perEpoch ?? 1);
    if (typeof validLoss === "number") this.history.push({ epoch, trainLoss, validLoss });
    this.losses = [];
  }

  /** Evaluates the model, or the average of its weights, and keeps it if it is the best so far. */
  private async scored(): Promise<S> {
    this.average?.swap();
    try {
      const { course, options } = this.parts;
      const scores = await course.evaluate(options.signal);
      const isBest = this.best.note(course.figures(scores));
      this.waited = isBest ? 0 : this.waited + 1;
      if (isBest) this.scores = scores;
      return scores;
    } finally {
      this.average?.swap();
    }
  }

  /** Where the run is, in words: at the end of an epoch or after a step. */
  private place(epoch: number | undefined): string {
    const isEnd =
      epoch !== undefined && (this.done % this.parts.course.perEpoch! === 0 || this.done === this.parts.settings.steps);
    return isEnd ? `epoch ${epoch}` : `step ${this.done}`;
  }

  private measured(): Trained<S>["training"] {
    const { model, course } = this.parts;
    const { perEpoch } = course;
    const { seconds, tokensPerSecond } = this.meter;
    const steps = this.done;
    const parameters = totalSize(model.store.trained());
    return {
      ...{ steps, ...(perEpoch !== undefined && { epochs: steps / perEpoch }) },
      ...{ seconds, tokensPerSecond, parameters },
    };
  }
}
