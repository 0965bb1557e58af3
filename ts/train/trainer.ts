import { ConfigError, DataError, EngineError } from "../errors.js";
import type { Model } from "../models/model.js";
import { ADAMW, AdamW, type AdamWOptions } from "../nn/adamw.js";
import type { Targets } from "../nn/heads/index.js";
import type { Packed } from "../nn/packed.js";
import { IGNORED } from "../ops/crossEntropy.js";
import { checkOptions, type Names } from "../options.js";
import { seedWords } from "../random/philox.js";

/** What a step is told. */
export interface TrainBatch {
  /** The sequences. */
  readonly packed: Packed;
  /** What their loss is taken against. */
  readonly targets: Targets;
}

/** What a step found. */
export interface StepResult {
  /** Mean loss of the batch, before the step. */
  readonly loss: number;
  /** Norm of all gradients together, before clipping. */
  readonly gradNorm: number;
}

/** Settings of {@link Trainer}. */
export interface TrainerOptions extends AdamWOptions {
  /** What dropout draws follow from, a whole number of at most 53 bits. */
  readonly seed: number;
  /** Learning rate by step, from 0. */
  readonly schedule: (step: number) => number;
  /** Computes layers a second time for their gradients, instead of keeping what these need. */
  readonly recompute?: boolean | undefined;
  /**
   * Steps after which random features are drawn anew.
   * @default never
   */
  readonly featureRedrawInterval?: number | undefined;
}

const TRAINER: Names<TrainerOptions> = /* @__PURE__ */ Object.assign(
  { seed: true, schedule: true, recompute: true, featureRedrawInterval: true },
  ADAMW,
);

/** One model, its optimiser and where it stands: `trainStep` serves every kind of training. */
export class Trainer {
  /** The model, which stays its owner's. */
  readonly model: Model;
  private readonly optimizer: AdamW;
  private readonly options: Omit<TrainerOptions, keyof AdamWOptions>;
  private done = 0;
  /** The highest rate so far: the step in which a loss is no number any more may have a low one. */
  private highest = 0;

  /**
   * Makes memory for gradients and moments. Errors: ConfigError for a wrong option or a model with int8 weights, EngineError
   * where there is no memory.
   */
  constructor(model: Model, options: TrainerOptions) {
    checkOptions("Trainer", options, TRAINER);
    const { seed, schedule, recompute, featureRedrawInterval, ...adamw } = options;
    seedWords(seed); // a wrong one is told now, not in the first step
    const interval = featureRedrawInterval ?? 1;
    if (!Number.isSafeInteger(interval) || interval < 1)
      throw new ConfigError(`featureRedrawInterval is ${interval}, not a whole number from 1`);
    this.model = model;
    this.options = { seed, schedule, recompute, featureRedrawInterval };
    this.optimizer = new AdamW(model, adamw);
  }

  /** Steps done. */
  get step(): number {
    return this.done;
  }

  /** Rate of the next step. */
  get lr(): number {
    return this.options.schedule(this.done);
  }

  /**
   * Changes the model by one batch. Errors, which change nothing: EngineError where there is no memory for the batch, or where
   * its loss is no number; DataError for a batch without any label.
   */
  trainStep({ packed, targets }: TrainBatch): StepResult {
    const { lr } = this;
    this.redraw();
    this.highest = Math.max(this.highest, lr);
    const loss = this.loss(packed, targets);
    if (!Number.isFinite(loss)) {
      this.optimizer.zeroGrad();
      if (!hasLabel(targets))
        throw new DataError(`step ${this.done + 1}: no text of its batch has a label, so there is nothing to learn`);
      throw new EngineError(
        `the loss of step ${this.done + 1} is ${loss} (${packed.offsets.length - 1} texts, ${packed.tokens.length} tokens, ` +
          `learning rates up to ${this.highest.toPrecision(3)}): lower the learning rate`,
      );
    }
    const { gradNorm } = this.optimizer.step({ lr });
    this.done++;
    return { loss, gradNorm };
  }

  /** New random features, which follow from seed and step: a run that goes on from a checkpoint draws the same. */
  private redraw(): void {
    const { seed, featureRedrawInterval: interval } = this.options;
    if (interval === undefined || this.done === 0 || this.done % interval !== 0) return;
    this.model.store.drawBuffers(seed, this.done / interval);
  }

  private loss(packed: Packed, targets: Targets): number {
    const { seed, recompute = false } = this.options;
    try {
      return this.model.lossAndGradients(packed, targets, { train: true, seed, step: this.done, recompute });
    } catch (error) {
      this.optimizer.zeroGrad(); // some layers may have got theirs
      throw error;
    }
  }

  /** Gives the optimiser's memory back; the model stays. */
  free(): void {
    this.optimizer.free();
  }
}

/** Whether anything is not ignored: if not, the mean over nothing is NaN. */
const hasLabel = ({ tokens = new Int32Array(0), sequences = [], spans }: Targets): boolean =>
  [...tokens, ...sequences, ...(spans?.starts ?? []), ...(spans?.ends ?? [])].some((label) => label !== IGNORED);
