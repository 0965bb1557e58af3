import { platform } from "../platform/index.js";
import type { StepResult } from "./step.js";

/** What a training run tells its listeners after a step. */
export interface TrainingEvent {
  /** Number of the step, from 1. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Mean loss of the step's batch, in nats. */
  readonly loss: number;
  /** Learning rate of the step. */
  readonly lr: number;
  /** Norm of all gradients together, before clipping. */
  readonly gradNorm: number;
  /** Tokens trained on a second so far, evaluations left out. */
  readonly tokensPerSecond: number;
  /** Seconds until the last step, evaluations left out, as far as can be told. */
  readonly secondsLeft: number;
  /** Peak resident memory of the process in bytes, where it is to be had. */
  readonly memory: number | undefined;
}

/** Measures a run: seconds and tokens of its steps, without the evaluations between them. */
export class Meter {
  private readonly steps: number;
  private readonly perEpoch: number;
  private readonly started = performance.now();
  private paused = 0;
  private tokens = 0;

  constructor(steps: number, perEpoch: number) {
    this.steps = steps;
    this.perEpoch = perEpoch;
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.started) / 1000;
  }

  /** Tokens trained on a second. */
  get tokensPerSecond(): number {
    return Math.round(this.tokens / (this.seconds - this.paused));
  }

  /** Notes step `step` (from 1) of `tokens` tokens, and tells what there is to tell. */
  event(step: number, lr: number, tokens: number, { loss, gradNorm }: StepResult): TrainingEvent {
    this.tokens += tokens;
    return {
      step,
      steps: this.steps,
      epoch: Math.ceil(step / this.perEpoch),
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
