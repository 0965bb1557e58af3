import { platform } from "../platform/index.js";
import type { Taken } from "./checkpoint/state.js";
import type { StepResult } from "./step.js";

/** What listeners of a training run get after each step. */
export interface TrainingEvent {
  /** Number of the step, from 1. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Number of the epoch, from 1; 1 for runs without epochs. */
  readonly epoch: number;
  /** Mean loss of the step's batch, in nats. */
  readonly loss: number;
  /** Learning rate of the step. */
  readonly lr: number;
  /** Norm of all gradients together, before clipping. */
  readonly gradNorm: number;
  /** Tokens trained on per second so far, without evaluations. */
  readonly tokensPerSecond: number;
  /** Estimated seconds until the last step, without evaluations. */
  readonly secondsLeft: number;
  /** Peak resident memory of the process in bytes; undefined where the platform does not report it. */
  readonly memory: number | undefined;
}

/** Measures a run: seconds and tokens of its steps, without the evaluations between them. */
export class Meter {
  private readonly steps: number;
  private readonly perEpoch: number | undefined;
  private started = performance.now();
  private paused = 0;
  private tokens = 0;

  /** `perEpoch`: steps of an epoch; undefined where the run has no epochs. */
  constructor(steps: number, perEpoch: number | undefined) {
    this.steps = steps;
    this.perEpoch = perEpoch;
  }

  /** What the run took so far. */
  taken(): Taken {
    return { seconds: this.seconds, paused: this.paused, tokens: this.tokens };
  }

  /** Counts what a run had taken before it was interrupted. */
  restore({ seconds, paused, tokens }: Taken): void {
    this.started = performance.now() - 1000 * seconds;
    [this.paused, this.tokens] = [paused, tokens];
  }

  /** The number of the epoch, from 1, that step `step` (from 1) belongs to. */
  epoch(step: number): number | undefined {
    return this.perEpoch === undefined ? undefined : Math.ceil(step / this.perEpoch);
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.started) / 1000;
  }

  /** Tokens trained on per second. */
  get tokensPerSecond(): number {
    return Math.round(this.tokens / (this.seconds - this.paused));
  }

  /** Counts step `step` (from 1) of `tokens` tokens. */
  event(step: number, lr: number, tokens: number, { loss, gradNorm }: StepResult): TrainingEvent {
    this.tokens += tokens;
    return {
      step,
      steps: this.steps,
      epoch: this.epoch(step) ?? 1,
      loss,
      lr,
      gradNorm,
      tokensPerSecond: this.tokensPerSecond,
      secondsLeft: ((this.seconds - this.paused) / step) * (this.steps - step),
      memory: platform.peakMemory(),
    };
  }

  /** Runs `body` without counting its time. */
  async outside<T>(body: () => Promise<T>): Promise<T> {
    const from = this.seconds;
    const result = await body();
    this.paused += this.seconds - from;
    return result;
  }
}
