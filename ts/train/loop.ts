import { resetPeak } from "../engine/memory.js";
import type { Files } from "../io/files.js";
import type { Model } from "../models/model.js";
import type { Content } from "../platform/index.js";
import { type Pace, pacer } from "../platform/pacer.js";
import { totalSize } from "../tensor/tensor.js";
import type { Keeper, Resumable } from "./checkpoint/keeper.js";
import type { LoopState } from "./checkpoint/state.js";
import { optimizerFile, optimizerState, restoreModel } from "./checkpoint/tensors.js";
import type { Course, LoopSettings, Trained } from "./course.js";
import { Evaluations } from "./evaluations.js";
import { duration } from "./inWords.js";
import { Meter, type TrainingEvent } from "./meter.js";
import { planInWords, planOf, withAdvice } from "./plan.js";
import type { RunOptions } from "./settings/run.js";
import { type StepResult, TrainStep } from "./step.js";
import { stepOptions } from "./stepOptions.js";
import { unstarted } from "./stopped.js";

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
  const step = withAdvice(() => new TrainStep(model, stepOptions(model, settings)));
  try {
    const loop = withAdvice(() => new Loop({ model, course, settings, options, step, keeper }));
    return await loop.run().finally(() => loop.free());
  } finally {
    step.free();
  }
}

/** Files of a checkpoint. */
const [OPTIMIZER, LOG] = ["optimizer.safetensors", "log.jsonl"];

/** Steps after which the time of the rest is estimated. */
const TIMED = 20;

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
  private readonly evaluations: Evaluations<S>;
  private readonly pause: Pace = pacer();
  private log: string[] = [];
  /** Steps made in this process. */
  private made = 0;

  constructor(parts: LoopParts<S>) {
    this.parts = parts;
    const { model, course, settings, options } = parts;
    const meter = new Meter(settings.steps, course.perEpoch);
    this.meter = meter;
    const log = (line: object) => void this.log.push(JSON.stringify(line));
    this.evaluations = new Evaluations({ model, course, settings, options, meter, log });
  }

  async run(): Promise<Trained<S>> {
    await new Promise((resolve) => setTimeout(resolve)); // a stop that was asked for during the preparations
    const { evaluations } = this;
    const { keeper, settings, options } = this.parts;
    await keeper?.begin(this);
    this.plan();
    await evaluations.after(this.done); // where the interruption was before it
    while (this.done < settings.steps && evaluations.isWhole && !evaluations.isOver) {
      await this.step();
      // An evaluation that is made only because the run ends does not belong to a longer run, which may go on from here.
      if (this.done === settings.steps && this.done % settings.evalEvery !== 0) await keeper?.finish(this);
      await evaluations.after(this.done);
      if (evaluations.isWhole) await keeper?.note(this);
    }
    if (this.done === 0) throw unstarted(options);
    await (evaluations.isWhole ? keeper?.finish(this) : keeper?.save(this));
    const [training, scores] = [this.measured(), await evaluations.finish()];
    const { history, failure } = evaluations;
    return { training, scores, log: this.log, history, failure };
  }

  /** Says what the run is going to take. Errors: ConfigError where the memory is too small. */
  private plan(): void {
    const { step, course, settings, options } = this.parts;
    if (!this.evaluations.isWhole || this.done >= settings.steps) return;
    const plan = planOf(step, course, settings);
    if (plan === undefined) return;
    options.onMessage?.(planInWords(plan));
    options.onPlan?.(plan);
    resetPeak();
  }

  /** Steps made. */
  get done(): number {
    return this.parts.step.step;
  }

  private async step(): Promise<void> {
    const { course, options, step: trainStep, keeper } = this.parts;
    const { lr, step } = trainStep;
    const batch = await course.batch(step);
    const tokens = batch.reduce((sum, { packed }) => sum + packed.tokens.length, 0);
    let result: StepResult;
    try {
      result = trainStep.run(batch);
    } catch (error) {
      throw keeper?.naming(error) ?? error;
    }
    const event = this.meter.event(step + 1, lr, tokens, result);
    this.evaluations.note(this.done, event.loss);
    this.log.push(JSON.stringify(event));
    options.onProgress?.(event);
    this.estimate(event);
    await this.pause();
  }

  /** Says once how long the rest is going to take. */
  private estimate({ step, steps, secondsLeft }: TrainingEvent): void {
    if (++this.made === TIMED && steps - step > TIMED)
      this.parts.options.onMessage?.(
        `about ${duration(secondsLeft)} left for ${steps - step} steps, without evaluations`,
      );
  }

  state(): LoopState {
    return { ...this.evaluations.state(), step: this.done, taken: this.meter.taken() };
  }

  files(): ReadonlyMap<string, Content> {
    return new Map([
      [OPTIMIZER, optimizerFile(this.parts.step.state())],
      ...this.evaluations.files(),
      [LOG, this.log.map((line) => `${line}\n`).join("")],
    ]);
  }

  async restore(state: LoopState, files: Files): Promise<void> {
    const { model, step } = this.parts;
    await restoreModel(model, files);
    await step.restore(await optimizerState(files, OPTIMIZER, state.step));
    await this.evaluations.restore(state, files);
    const log = new TextDecoder().decode(await files.read(LOG));
    this.log = log.split("\n").slice(0, -1);
    this.meter.restore(state.taken);
  }

  /** Gives the memory of what was kept back. */
  free(): void {
    this.evaluations.free();
  }

  private measured(): Trained<S>["training"] {
    const { model, course } = this.parts;
    const { perEpoch } = course;
    const { seconds, tokensPerSecond } = this.meter;
    const steps = this.done;
    const parameters = totalSize(model.store.trained());
    const { bestStep } = this.evaluations;
    return {
      ...(bestStep !== undefined && { bestStep }),
      ...{ steps, ...(perEpoch !== undefined && { epochs: steps / perEpoch }) },
      ...{ seconds, tokensPerSecond, parameters },
    };
  }
}
