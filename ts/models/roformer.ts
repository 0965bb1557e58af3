/// <reference lib="esnext.disposable" preserve="true" />
import { noGrad, valueAndGradients } from "../autograd/tape.js";
import { init } from "../engine/engine.js";
import { ConfigError, EngineError } from "../errors.js";
import { type FileSource, openFiles } from "../io/files.js";
import { type HeadName, heads, type Targets } from "../nn/heads/index.js";
import { type Packed, PackedBatch } from "../nn/packed.js";
import type { ParameterStore } from "../nn/parameters.js";
import { training } from "../nn/training.js";
import { scope } from "../tensor/scope.js";
import type { Tensor, TensorData } from "../tensor/tensor.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { type Classification, type ClassifyOptions, classify } from "./classify.js";
import { parseConfig, type RoFormerConfig, type RoFormerConfigInput } from "./config.js";
import type { Mismatch } from "./fit.js";
import { type ModelInputs, packInputs, packLabels, unpackRows } from "./inputs.js";
import { type LoadOptions, type ReadModel, readModel } from "./load.js";
import { Network } from "./network.js";
import { type SaveOptions, saveModel } from "./save.js";

/** Settings of {@link RoFormer.create}. */
export interface CreateOptions {
  /** What the model computes; "base", the hidden states, unless given. */
  readonly head?: HeadName;
  /** Fresh weights follow from it alone; 0 unless given. */
  readonly seed?: number;
  /** Turns texts to ids in `classify` and is saved with the model. */
  readonly tokenizer?: Tokenizer;
}

/** What a forward pass gives: the head's outputs in the padded shape, rows at padding 0. */
export interface ModelOutput {
  readonly lastHiddenState: TensorData;
  /** The embeddings' output and every layer's, if asked for. */
  readonly hiddenStates?: TensorData[];
  readonly logits?: TensorData;
  /** The loss, if there were labels. */
  readonly loss?: number;
}

/** Settings of {@link RoFormer.valueAndGrad}. */
export interface GradientOptions {
  /** Turns dropout on. */
  readonly train?: boolean;
  /** What dropout's draws follow from, with `step`; 0 unless given. */
  readonly seed?: number;
  /** Counted by the model unless given. */
  readonly step?: number;
  /**
   * Keeps of each layer its input alone and computes the layer a second time for its gradients: the same bits, less memory,
   * a third more time.
   */
  readonly recompute?: boolean;
}

/** A gradient, copied when `data` is read: read it before the optimiser's step. */
export type GradientMap = Map<string, TensorData>;

/** One parameter of a model. */
export interface ParameterAccess {
  /** Hugging Face's name. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The values, copied. */
  read(): Float32Array;
  /** Overwrites the values. */
  write(values: ArrayLike<number>): void;
}

/** A RoFormer (or BERT) with one head, in the engine's memory until it is closed. */
export class RoFormer {
  readonly config: RoFormerConfig;
  readonly head: HeadName;
  readonly tokenizer: Tokenizer | undefined;
  /** Parameters that the loaded file lacked, and that are fresh. */
  readonly missing: readonly string[];
  /** Tensors of the loaded file that this model does not have. */
  readonly unexpected: readonly string[];
  /** Parameters that the loaded file has in other shapes, and that are fresh. */
  readonly mismatched: readonly Mismatch[];
  private readonly network: Network;
  private closed = false;
  private draws = 0;

  private constructor(model: ReadModel, tokenizer: Tokenizer | undefined) {
    this.network = model.network;
    this.config = model.network.config;
    this.head = model.head;
    this.missing = model.missing;
    this.unexpected = model.unexpected;
    this.mismatched = model.mismatched;
    this.tokenizer = tokenizer;
  }

  /** A model with fresh weights; fields that `config` lacks are Hugging Face's defaults. */
  static create(config: RoFormerConfigInput, { head = "base", seed = 0, tokenizer }: CreateOptions = {}): RoFormer {
    if (!Object.hasOwn(heads, head))
      throw new ConfigError(`head is "${head}", not one of ${Object.keys(heads).join(", ")}`);
    const network = new Network(parseConfig(config), head);
    try {
      network.store.allocate();
      network.store.initialise(seed);
    } catch (error) {
      network.free();
      throw error;
    }
    return new RoFormer({ network, head, missing: [], unexpected: [], mismatched: [] }, tokenizer);
  }

  /**
   * The model of a Hugging Face folder: its path, its URL, `hf:owner/name@revision`, or its files. Missing and wrongly shaped tensors are one `CheckpointError`
   * that lists them, unless `strict` is false; a wrong `config.json` is a `ConfigError` that names the field.
   */
  static async load(source: FileSource, options: LoadOptions = {}): Promise<RoFormer> {
    await init();
    const files = openFiles(source, options);
    const model = await readModel(files, options);
    try {
      return new RoFormer(model, (await Tokenizer.isIn(files)) ? await Tokenizer.load(files) : undefined);
    } catch (error) {
      model.network.free();
      throw error;
    }
  }

  /** Parameters and gradients as flat buffers, for optimisers. */
  get store(): ParameterStore {
    if (this.closed) throw new EngineError("the model is closed");
    return this.network.store;
  }

  /** Computes the head's outputs, without dropout. */
  forward(inputs: ModelInputs, { outputHiddenStates = false }: { outputHiddenStates?: boolean } = {}): ModelOutput {
    const { packed, layout } = packInputs(inputs);
    const targets = inputs.labels && this.targets(inputs.labels, layout);
    return this.run(packed, (batch) => {
      const unpack = (x: Tensor) => unpackRows(x.read(), x.shape[1]!, layout);
      const states: TensorData[] = [];
      const each = (x: Tensor) => outputHiddenStates && states.push(unpack(x));
      const hidden = this.network.encode(batch, { each });
      const outputs = Object.entries(this.network.head.forward(hidden, batch)).map(([name, { tensor, rows }]) => {
        return [name, rows === "tokens" ? unpack(tensor) : { data: tensor.read(), shape: tensor.shape }];
      });
      const loss = targets && this.network.head.loss(hidden, batch, targets).item();
      return {
        ...Object.fromEntries(outputs),
        lastHiddenState: states.at(-1) ?? unpack(hidden),
        ...(outputHiddenStates && { hiddenStates: states }),
        ...(loss !== undefined && { loss }),
      };
    });
  }

  /** The head's outputs for a packed batch, copied: a row a token or a sequence. Inference without padding. */
  forwardPacked(packed: Packed): Record<string, TensorData> {
    return this.run(packed, (batch) => {
      const outputs = this.network.head.forward(this.network.encode(batch), batch);
      const copied = Object.entries(outputs).map(([name, { tensor }]) => [
        name,
        { data: tensor.read(), shape: tensor.shape },
      ]);
      return Object.fromEntries(copied);
    });
  }

  /**
   * The loss, and the gradients of every parameter, added to what earlier calls left until an optimiser's `step` or `zeroGrad`.
   * What a call that throws has added is not taken back: clear it.
   */
  valueAndGrad(inputs: ModelInputs, options: GradientOptions = {}): { loss: number; gradients: GradientMap } {
    const { packed, layout } = packInputs(inputs);
    if (!inputs.labels) throw new ConfigError("valueAndGrad: there are no labels, so there is no loss");
    const loss = this.lossAndGrad(packed, this.targets(inputs.labels, layout), options);
    return { loss, gradients: new Map(this.store.parameters.map((one) => [one.name, one.gradient()])) };
  }

  /** {@link valueAndGrad} for a packed batch. */
  lossAndGrad(packed: Packed, targets: Targets, options: GradientOptions = {}): number {
    this.store.requireGradients();
    const { train = false, seed = 0, step = this.draws++, recompute = false } = options;
    return scope(() => {
      const batch = new PackedBatch(packed); // of the scope around: layers that run again need it in backward
      const loss = () => this.network.head.loss(this.network.encode(batch, { recompute }), batch, targets);
      return valueAndGradients(train ? () => training({ seed, step }, loss) : loss).loss;
    });
  }

  /** The parameters, by Hugging Face's names. */
  parameters(): ParameterAccess[] {
    return [...this.store.parameters];
  }

  /** Labels and their scores for one text, or for several, in their order. Needs a classifier with a tokenizer. */
  classify(text: string, options?: ClassifyOptions): Promise<Classification>;
  classify(texts: readonly string[], options?: ClassifyOptions): Promise<Classification[]>;
  async classify(texts: string | readonly string[], options: ClassifyOptions = {}) {
    const many = await classify(this, typeof texts === "string" ? [texts] : texts, options);
    return typeof texts === "string" ? many[0]! : many;
  }

  /** Writes a Hugging Face folder, whole or not at all. Wait for it before the model is changed or closed. */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    await saveModel(path, this, options);
  }

  /** Gives the memory back. */
  close(): void {
    if (!this.closed) this.network.free();
    this.closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private run<T>(packed: Packed, body: (batch: PackedBatch) => T): T {
    if (this.closed) throw new EngineError("the model is closed");
    this.network.store.pack();
    return noGrad(() => scope(() => body(new PackedBatch(packed))));
  }

  private targets(labels: NonNullable<ModelInputs["labels"]>, layout: Parameters<typeof packLabels>[1]) {
    return packLabels(labels, layout, heads[this.head].labels);
  }
}
