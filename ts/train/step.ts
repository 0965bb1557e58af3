import { ConfigError, DataError, EngineError } from "../errors.js";
import type { Model, OwnLoss } from "../models/model.js";
import type { Targets } from "../nn/heads/index.js";
import type { Packed } from "../nn/packed.js";
import { AdamW } from "../optim/adamw.js";
import type { Optimizer, OptimizerState, Trainable } from "../optim/optimizer.js";
import { checkOptions, type Names } from "../options.js";
import { seedWords } from "../random/philox.js";

/** What a step learns from. */
export interface TrainBatch {
  /** The sequences. */
  readonly packed: Packed;
  /** What their loss is taken against, or a loss of the task's own. */
  readonly targets: Targets | OwnLoss;
  /** Where its rows are from, for messages: "train.csv:12, 15". */
  readonly places?: (() => string) | undefined;
}

/** What a step found. */
export interface StepResult {
  /** Mean loss of the batch, over all its micro-batches, before the step. */
  readonly loss: number;
  /** Norm of all gradients together, before clipping. */
  readonly gradNorm: number;
}

/** Settings of {@link TrainStep}. */
export interface TrainStepOptions {
  /** What dropout draws follow from, a whole number of at most 53 bits. */
  readonly seed: number;
  /** Learning rate by step, from 0. */
  readonly schedule: (step: number) => number;
  /**
   * Makes the optimizer.
   * @default AdamW with its defaults
   */
  readonly optimizer?: ((model: Trainable) => Optimizer) | undefined;
  /**
   * Which parameters are trained, by name: the others are frozen when the step is made, and stay so until `model.store.freeze`
   * says otherwise.
   * @default those that are not frozen
   */
  readonly trainable?: ((name: string) => boolean) | undefined;
  /**
   * Computes layers a second time for their gradients, instead of keeping what these need.
   * @default false
   */
  readonly recompute?: boolean | undefined;
  /**
   * Steps after which random features are drawn again.
   * @default never
   */
  readonly featureRedrawInterval?: number | undefined;
}

const TRAIN_STEP: Names<TrainStepOptions> = {
  ...{ seed: true, schedule: true, optimizer: true, trainable: true, recompute: true, featureRedrawInterval: true },
};

/**
 * One model, its optimizer and the steps made: each step takes the gradients of one batch, computed whole or in parts. The loop
 * around it belongs to the caller.
 *
 * @example
 * ```ts
 * const step = new TrainStep(model, { seed: 0, schedule: () => 1e-4 });
 * for (const batch of batches) console.log(step.run(batch).loss);
 * step.free();
 * ```
 */
export class TrainStep {
  /** The model, which the caller closes. */
  readonly model: Model;
  private readonly optimizer: Optimizer;
  private readonly options: TrainStepOptions;
  private done = 0;
  /** The highest rate so far: the step whose loss is not a number may have a low one. */
  private highest = 0;

  /**
   * Makes memory for gradients and for what the optimizer keeps. Errors: ConfigError for a wrong option, a model with int8
   * weights, or where nothing is `trainable`; EngineError where there is no memory, or where `trainable` changes what an
   * optimizer that lives has.
   */
  constructor(model: Model, options: TrainStepOptions) {
    checkOptions("TrainStep", options, TRAIN_STEP);
    const { seed, optimizer = (model: Trainable) => new AdamW(model), featureRedrawInterval = 1 } = options;
    seedWords(seed); // refuses a wrong one now, not in the first step
    checkKinds({ ...options, optimizer });
    if (!Number.isSafeInteger(featureRedrawInterval) || featureRedrawInterval < 1)
      throw new ConfigError(`featureRedrawInterval is ${featureRedrawInterval}, not a whole number from 1`);
    this.model = model;
    this.options = options;
    const { trainable } = options;
    const frozen = new Set(model.store.parameters.filter((one) => !one.requiresGrad).map(({ name }) => name));
    if (trainable) model.store.freeze((name) => !trainable(name));
    try {
      this.optimizer = optimizer(model);
    } catch (error) {
      model.store.freeze((name) => frozen.has(name));
      throw error;
    }
  }

  /** Steps made. */
  get step(): number {
    return this.done;
  }

  /** Rate of the next step. */
  get lr(): number {
    return this.options.schedule(this.done);
  }

  /**
   * Changes the model by one batch. Several micro-batches are computed one after the other and count as the batch that they
   * make together: the loss is the mean over all labels that count, and so are the gradients. Errors, which change nothing:
   * EngineError where there is no memory for a batch, or where the loss or a gradient is not a number; ConfigError for a wrong
   * rate; DataError for a batch without any label.
   */
  run(batch: TrainBatch | readonly TrainBatch[]): StepResult {
    const batches = Array.isArray(batch) ? (batch as readonly TrainBatch[]) : [batch as TrainBatch];
    if (batches.length === 0) throw new DataError(`step ${this.done + 1}: there is no batch`);
    const { lr } = this;
    this.redraw();
    this.highest = Math.max(this.highest, lr);
    const counts = this.counts(batches);
    this.optimizer.zeroGrad(); // of what was computed outside of steps
    try {
      const losses = this.losses(batches, counts);
      const loss = losses.reduce((sum, one) => sum + one, 0);
      if (!Number.isFinite(loss)) throw this.refusal(batches, losses, counts);
      const { gradNorm } = this.optimizer.step({ lr });
      this.done++;
      return { loss, gradNorm };
    } catch (error) {
      this.optimizer.zeroGrad(); // some layers may have got theirs
      throw error;
    }
  }

  /** @internal Computes the gradients of a micro-batch and forgets them, to see what that takes. Errors: as {@link run}. */
  probe(batch: TrainBatch, recompute?: boolean): void {
    try {
      this.losses([batch], this.counts([batch]), recompute);
    } finally {
      this.optimizer.zeroGrad();
    }
  }

  /** New random features, which follow from seed and step: a run that goes on from a checkpoint draws the same. */
  private redraw(): void {
    const { seed, featureRedrawInterval: interval } = this.options;
    if (interval === undefined || this.done === 0 || this.done % interval !== 0) return;
    this.model.store.drawBuffers(seed, this.done / interval);
  }

  /** Labels that count in all micro-batches together. */
  private counts(batches: readonly TrainBatch[]): number[] {
    const each = batches.map(({ packed, targets }) => this.model.countLabels(packed, targets));
    return (each[0] ?? []).map((_, i) => each.reduce((sum, one) => sum + one[i]!, 0));
  }

  /** What each micro-batch adds to the loss; their gradients are in the store. */
  private losses(
    batches: readonly TrainBatch[],
    counts: readonly number[],
    recompute = this.options.recompute ?? false,
  ): number[] {
    const { seed } = this.options;
    const options = { train: true, seed, step: this.done, recompute, counts };
    const losses: number[] = [];
    const before = { tokens: 0, sequences: 0 };
    for (const { packed, targets } of batches) {
      losses.push(this.model.lossAndGradients(packed, targets, { ...options, before: { ...before } }));
      before.tokens += packed.tokens.length;
      before.sequences += packed.offsets.length - 1;
    }
    return losses;
  }

  private refusal(
    batches: readonly TrainBatch[],
    losses: readonly number[],
    counts: readonly number[],
  ): DataError | EngineError {
    const first = losses.findIndex((loss) => !Number.isFinite(loss));
    const loss = losses.reduce((sum, one) => sum + one, 0);
    const places = batches[Math.max(0, first)]!.places?.() ?? "";
    const step = this.done + 1;
    if (counts.every((n) => n === 0))
      return new DataError(`step ${step}: no text of its batch has a label, so there is nothing to learn`);
    const [texts, tokens] = [
      batches.reduce((sum, { packed }) => sum + packed.offsets.length - 1, 0),
      batches.reduce((sum, { packed }) => sum + packed.tokens.length, 0),
    ];
    return new EngineError(
      `the loss of step ${step} is ${loss} (${texts} texts, ${tokens} tokens, ` +
        `learning rates up to ${this.highest.toPrecision(3)}): lower the learning rate` +
        (places === "" ? "" : `, or look at its rows: ${places}`),
    );
  }

  /** Where training stands, the model's own values aside: the optimizer's state, whose steps are those made. */
  state(): OptimizerState {
    return this.optimizer.state();
  }

  /**
   * Goes on after the last step of a {@link TrainStep.state}, bit for bit if the model has the values of then. Errors: those of
   * the optimizer's `restore`.
   */
  async restore(state: OptimizerState): Promise<void> {
    await this.optimizer.restore(state);
    this.done = state.step;
  }

  /** Gives the optimizer's memory back; the model stays. */
  free(): void {
    this.optimizer.free();
  }
}

/** Refuses options of another kind now, not in the first step. Errors: ConfigError. */
function checkKinds(options: TrainStepOptions): void {
  const kinds = { schedule: "function", optimizer: "function", trainable: "function", recompute: "boolean" } as const;
  for (const [name, kind] of Object.entries(kinds)) {
    const value = options[name as keyof typeof kinds];
    if (typeof value !== kind && (value !== undefined || name === "schedule"))
      throw new ConfigError(`TrainStep: ${name} is ${String(value)}; expected a ${kind}`);
  }
}
