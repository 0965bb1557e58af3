/// <reference lib="esnext.disposable" preserve="true" />
import { noGrad, valueAndGradients } from "../autograd/tape.js";
import { ConfigError, EngineError } from "../errors.js";
import type { HeadName, Targets } from "../nn/heads/index.js";
import { type Packed, PackedBatch } from "../nn/packed.js";
import type { ParameterStore } from "../nn/parameters.js";
import { training } from "../nn/training.js";
import { scale } from "../ops/reduce.js";
import { checkOptions } from "../options.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import type { PackedStates } from "./encoderInputs.js";
import type { ModelFacts } from "./facts.js";
import { familyOf } from "./families.js";
import type { ParameterAccess, PartGradientOptions } from "./interface.js";
import type { AppliedLora } from "./lora/settings.js";
import type { Network } from "./network.js";
import { PART_GRADIENT, PASS } from "./options.js";
import { type PassOptions, passOptions } from "./pass.js";
import type { SentenceModel } from "./sentences/settings.js";

/** What may be read of a batch: tensors that end with the call. */
export interface BatchStates {
  /** The last hidden states, `[N, C]`, sequences end to end. */
  readonly hidden: Tensor;
  /** Where the sequences begin and end. */
  readonly batch: PackedBatch;
  /** The head's outputs by name for rows of hidden states, `[R, C]`, or for all: a row a token or a sequence. */
  head(hidden?: Tensor): Record<string, Tensor>;
}

/** A loss that is not the head's. */
export interface OwnLoss {
  /** What its mean is taken over: examples, or their weights. */
  readonly count: number;
  /** Sees the embeddings' output and every layer's, `[N, C]`, before {@link loss}. */
  each?(states: Tensor): void;
  /** The mean over a batch, as a tensor of one number. */
  loss(states: BatchStates, model: Model): Tensor;
}

/** What a model is made of. */
export interface ModelParts<H extends HeadName = HeadName> {
  readonly network: Network;
  readonly facts: ModelFacts<H>;
  /** Undefined where there is none. */
  readonly tokenizer: Tokenizer | undefined;
  /** Undefined for models that are not sentence-transformers'. */
  readonly sentenceModel?: SentenceModel | undefined;
  /** The folder, or hub's model, that the base's weights come from; undefined for one that was created. */
  readonly source?: string | undefined;
  /** The adapter that it has. */
  readonly lora?: AppliedLora | undefined;
}

/** Makes every fact a property. */
const Facts = class {
  constructor(facts: ModelFacts) {
    Object.assign(this, facts);
  }
} as new <H extends HeadName>(
  facts: ModelFacts<H>,
) => ModelFacts<H>;

/** A network with its weights, in the engine's memory until it is closed: what pipelines and training compute with. */
export class Model<H extends HeadName = HeadName> extends Facts<H> {
  /** What turns texts to ids; undefined for a model without. */
  readonly tokenizer: Tokenizer | undefined;
  /** @internal The facts in one object. */
  readonly facts: ModelFacts<H>;
  /** @internal What makes the vectors of a sentence-transformers folder, and its files. */
  readonly sentenceModel: SentenceModel | undefined;
  /** @internal The layers. */
  readonly network: Network;
  /** @internal Where its weights, or those of its adapter's base, are saved. */
  source: string | undefined;
  /** @internal The adapter that it has. */
  lora: AppliedLora | undefined;
  private closed = false;
  private draws = 0;

  /** @internal */
  constructor({ network, facts, tokenizer, sentenceModel, source, lora }: ModelParts<H>) {
    super(facts);
    this.facts = facts;
    this.network = network;
    this.tokenizer = tokenizer;
    this.sentenceModel = sentenceModel;
    this.source = source;
    this.lora = lora;
  }

  /** Parameters and gradients as flat buffers, for optimizers. Errors: EngineError for a closed model. */
  get store(): ParameterStore {
    if (this.closed) throw new EngineError("the model is closed", { reason: "closed" });
    return this.network.store;
  }

  /** Ends of the names of parameters that do not decay: biases and the weights of norms. */
  get noDecay(): readonly string[] {
    return familyOf(this.config).noDecay;
  }

  /** Tokens that the model was trained with, as its tokenizer notes; else what its positions allow, at most 512. */
  get trainedLength(): number {
    return Math.min(this.tokenizer?.modelMaxLength ?? 512, this.config.max_position_embeddings);
  }

  /** The parameters, by Hugging Face's names, in the order of their declaration. */
  parameters(): ParameterAccess[] {
    return [...this.store.parameters];
  }

  /**
   * Computes a packed batch, without dropout, and gives what `read` makes of its states. The head computes what it is asked for.
   * Errors: EngineError for an id that the model has no vector for, for a closed model, or where there is no memory.
   */
  run<T>(packed: Packed, read: (states: BatchStates) => T, pass: PassOptions = {}): T {
    checkOptions("run", pass, PASS);
    this.store.pack();
    const compute = () => {
      const batch = new PackedBatch(packed);
      const hidden = this.network.encode(batch, passOptions(packed, pass, this.config.hidden_size));
      return read(this.states(hidden, batch));
    };
    return noGrad(() => scope(compute));
  }

  private states(hidden: Tensor, batch: PackedBatch): BatchStates {
    let whole: Record<string, Tensor> | undefined;
    const outputs = (rows: Tensor) => {
      const all = Object.entries(this.network.head.forward(rows, batch));
      return Object.fromEntries(all.map(([name, { tensor }]) => [name, tensor]));
    };
    const head = (rows?: Tensor) => {
      if (rows) return outputs(rows);
      whole ??= outputs(hidden); // once for all who share the batch
      return whole;
    };
    return { hidden, batch, head };
  }

  /** The mean loss of a packed batch, without gradients and without dropout. Errors: as {@link run}. */
  loss(packed: Packed, targets: Targets | OwnLoss): number {
    if ("loss" in targets) {
      const each = (states: Tensor) => targets.each?.(states);
      return this.run(packed, (states) => targets.loss(states, this).item(), { each });
    }
    return this.run(packed, ({ hidden, batch }) => this.network.head.loss(hidden, batch, targets).item());
  }

  /** The labels of a packed batch that count: a number for each mean that the loss is made of. */
  countLabels(packed: Packed, targets: Targets | OwnLoss): number[] {
    return "loss" in targets ? [targets.count] : this.network.head.count(targets, packed);
  }

  /**
   * The loss of a packed batch; the gradients of every parameter are added to what earlier calls left in {@link store}, until an
   * optimizer's `step` or `zeroGrad`. What a call that throws has added is not taken back: clear it. `states`: what a decoder's
   * cross-attention looks at. Errors: as {@link run}, and ConfigError for int8 weights, or for a wrong `seed` or `step`.
   */
  lossAndGradients(
    packed: Packed,
    targets: Targets | OwnLoss,
    options: PartGradientOptions = {},
    states?: PackedStates,
  ): number {
    checkOptions("lossAndGradients", options, PART_GRADIENT);
    this.store.requireGradients();
    const { train = false, seed = 0, step = this.draws++, recompute = false, maskType } = options;
    const { before, counts } = options;
    if (!Number.isSafeInteger(step) || step < 0) throw new ConfigError(`step is ${step}, not a whole number from 0`);
    return scope(() => {
      const batch = new PackedBatch(packed); // of the scope around: layers that run again need it in backward
      const each = "loss" in targets ? (layer: Tensor) => targets.each?.(layer) : undefined;
      const pass = { recompute, ...passOptions(packed, { states, maskType, each }, this.config.hidden_size) };
      const loss = () => {
        const hidden = this.network.encode(batch, pass);
        if (!("loss" in targets)) return this.network.head.loss(hidden, batch, targets, counts);
        const own = targets.loss(this.states(hidden, batch), this);
        return counts ? scale(own, targets.count / counts[0]!) : own;
      };
      return valueAndGradients(train ? () => training({ seed, step, before }, loss) : loss).loss;
    });
  }

  /** Gives the memory back; what is asked of the model after that is an EngineError. */
  close(): void {
    if (!this.closed) this.network.free();
    this.closed = true;
  }

  /** {@link close}, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
