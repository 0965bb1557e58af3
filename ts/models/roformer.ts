/// <reference lib="esnext.disposable" preserve="true" />
import { noGrad, valueAndGradients } from "../autograd/tape.js";
import { ConfigError, EngineError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import { type HeadName, heads, type Targets } from "../nn/heads/index.js";
import { type Packed, PackedBatch } from "../nn/packed.js";
import type { ParameterStore } from "../nn/parameters.js";
import { training } from "../nn/training.js";
import { checkOptions } from "../options.js";
import type { Answer, AnswerOptions, Question } from "../pipelines/answer.js";
import type { BatchStates, PipelineOptions } from "../pipelines/batches.js";
import type { Choice, ChoiceQuestion } from "../pipelines/choose.js";
import type { Classification, ClassifyOptions } from "../pipelines/classify.js";
import type { EmbedOptions } from "../pipelines/embed.js";
import type { FillMaskOptions, MaskGuess } from "../pipelines/fillMask.js";
import { PIPELINES } from "../pipelines/options.js";
import type { SearchHit, SearchOptions } from "../pipelines/search.js";
import type { TagTokensOptions, TokenTag } from "../pipelines/tagTokens.js";
import { scope } from "../tensor/scope.js";
import type { Tensor, TensorData } from "../tensor/tensor.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import { parseConfig, type RoFormerConfig, type RoFormerConfigInput } from "./config.js";
import type { PackedStates } from "./encoderInputs.js";
import { poolerOf } from "./families.js";
import type { Mismatch } from "./fit.js";
import { type ModelInputs, unpackRows } from "./inputs.js";
import type { CreateOptions, ForwardOptions, GradientOptions, LossAndGradients, ParameterAccess } from "./interface.js";
import type { LoadOptions, ReadModel } from "./load.js";
import { Network } from "./network.js";
import { CREATE, FORWARD, GRADIENT, LOAD, SAVE } from "./options.js";
import type { GradientInputsByHead, ModelOutput, OutputOf } from "./outputs.js";
import { passOptions, prepare, refuseAborted } from "./pass.js";
import type { SaveOptions } from "./save.js";
import type { SentenceModel, SentenceSettings } from "./sentences/settings.js";

// What only some programs use is imported when it is used: a page that loads a model should wait for little.

/** A RoFormer (Su et al. 2021), or BERT, with one head, in the engine's memory until it is closed. */
export class RoFormer<H extends HeadName = HeadName, O extends ModelOutput = OutputOf<H>> {
  /** The configuration, complete. */
  readonly config: RoFormerConfig;
  /** What it computes. */
  readonly head: H;
  /** What turns texts to ids; undefined for a model without. */
  readonly tokenizer: Tokenizer | undefined;
  /** Parameters that the loaded file lacked, and that are fresh. */
  readonly missing: readonly string[];
  /** How a sentence-transformers folder wants texts embedded; undefined for other models. */
  readonly sentences: SentenceSettings | undefined;
  /** @internal What makes the vectors of a sentence-transformers folder, and its files. */
  readonly sentenceModel: SentenceModel | undefined;
  /** Tensors of the loaded file that this model does not have. */
  readonly unexpected: readonly string[];
  /** Parameters that the loaded file has in other shapes, and that are fresh. */
  readonly mismatched: readonly Mismatch[];
  private readonly network: Network;
  private closed = false;
  private draws = 0;

  private constructor(model: ReadModel, tokenizer: Tokenizer | undefined, sentences?: SentenceModel) {
    this.sentences = sentences?.settings;
    this.sentenceModel = sentences;
    this.network = model.network;
    this.config = model.network.config;
    this.head = model.head as H;
    this.missing = model.missing;
    this.unexpected = model.unexpected;
    this.mismatched = model.mismatched;
    this.tokenizer = tokenizer;
  }

  /**
   * Makes a model with fresh weights. Fields that `config` lacks have Hugging Face's defaults.
   *
   * @example
   * ```ts
   * const model = RoFormer.create({ vocab_size: 100, hidden_size: 64, num_attention_heads: 4 }, { head: "masked-lm" });
   * const { logits } = model.forward({ inputIds: [[1, 2, 3]] });
   * ```
   * @throws ConfigError for a field, an option or a head that cannot be used; EngineError where there is no memory.
   */
  static create<H extends HeadName = "base">(config: RoFormerConfigInput, options: CreateOptions<H> = {}): RoFormer<H> {
    checkOptions("create", options, CREATE);
    const { head = "base" as H, seed = 0, tokenizer } = options;
    if (!Object.hasOwn(heads, head))
      throw new ConfigError(`head is "${head}", not one of ${Object.keys(heads).join(", ")}`);
    // Who creates a causal model wants one that does not see what it is to guess.
    const checked = parseConfig(config, "config", heads[head].causal ? { is_decoder: true } : {});
    const network = new Network(checked, head, poolerOf(checked, head));
    try {
      network.store.allocate();
      network.store.initialise(seed);
    } catch (error) {
      network.free();
      throw error;
    }
    return new RoFormer<H>({ network, head, missing: [], unexpected: [], mismatched: [] }, tokenizer);
  }

  /**
   * Loads the model of a Hugging Face folder: its path, its URL, `hf:owner/name@revision`, or its files.
   *
   * @example
   * ```ts
   * const model = await RoFormer.load("./my-model");
   * console.log(await model.classify("a text"));
   * model.close();
   * ```
   * @throws CheckpointError that lists missing and wrongly shaped tensors, unless `strict` is false; ConfigError for a wrong field
   * of `config.json` or a wrong option; DataError for files that cannot be read; EngineError where there is no memory;
   * AbortError.
   */
  static async load<H extends HeadName = HeadName>(
    source: FileSource,
    options: LoadOptions<H> = {},
  ): Promise<RoFormer<H>> {
    checkOptions("load", options, LOAD);
    const { openModel } = await import("./open.js");
    const { model, tokenizer, sentences } = await openModel(source, options);
    return new RoFormer<H>(model, tokenizer, sentences);
  }

  /** Parameters and gradients as flat buffers, for optimisers. Errors: EngineError for a closed model. */
  get store(): ParameterStore {
    if (this.closed) throw new EngineError("the model is closed", { reason: "closed" });
    return this.network.store;
  }

  /**
   * Computes the head's outputs, without dropout, and the loss if there are labels. Errors: ShapeError for inputs that do not
   * fit each other or the head, ConfigError for those that mean nothing to the model, EngineError for an id that it has no
   * vector for, for a closed model, or where there is no memory.
   */
  forward(inputs: ModelInputs, options: ForwardOptions = {}): O {
    checkOptions("forward", options, FORWARD);
    refuseAborted("forward", options);
    const { outputHiddenStates = false, maskType } = options;
    const { packed, layout, targets, states } = prepare("forward", inputs, this.head, this.config);
    return this.run(packed, (batch) => {
      const unpack = (x: Tensor) => unpackRows({ data: x.read(), shape: x.shape }, layout);
      const hiddenStates: TensorData[] = [];
      const each = (x: Tensor) => outputHiddenStates && hiddenStates.push(unpack(x));
      const hidden = this.network.encode(batch, {
        each,
        ...passOptions(packed, states, maskType, this.config.hidden_size),
      });
      const outputs = Object.entries(this.network.head.forward(hidden, batch)).map(([name, { tensor, rows }]) => {
        return [name, rows === "tokens" ? unpack(tensor) : { data: tensor.read(), shape: tensor.shape }];
      });
      const loss = targets && this.network.head.loss(hidden, batch, targets).item();
      return {
        ...Object.fromEntries(outputs),
        lastHiddenState: hiddenStates.at(-1) ?? unpack(hidden),
        ...(outputHiddenStates && { hiddenStates }),
        ...(loss !== undefined && { loss }),
      } as ModelOutput as O;
    });
  }

  /**
   * What `read` takes of a packed batch: inference without padding. The head computes what it is asked for. Tensors end with
   * the call.
   */
  runPacked<T>(packed: Packed, read: (states: BatchStates) => T): T {
    return this.run(packed, (batch) => {
      const hidden = this.network.encode(batch);
      const head = (rows = hidden) => {
        const outputs = Object.entries(this.network.head.forward(rows, batch));
        return Object.fromEntries(outputs.map(([name, { tensor }]) => [name, tensor]));
      };
      return read({ hidden, batch, head });
    });
  }

  /**
   * The head's outputs for a packed batch by name, copied: a row a token, `[N, …]`, or a sequence, `[B, …]`. Inference without
   * padding. Errors: as {@link forward}.
   */
  forwardPacked(packed: Packed): Record<string, TensorData> {
    const copied = (outputs: Record<string, Tensor>) =>
      Object.entries(outputs).map(([name, tensor]) => [name, { data: tensor.read(), shape: tensor.shape }]);
    return this.runPacked(packed, ({ head }) => Object.fromEntries(copied(head())));
  }

  /**
   * The loss, and the gradients of every parameter, added to what earlier calls left until an optimiser's `step` or `zeroGrad`.
   * What a call that throws has added is not taken back: clear it. Errors: as {@link forward}, and ConfigError without labels,
   * for int8 weights, or for a wrong `seed` or `step`.
   */
  valueAndGrad(inputs: GradientInputsByHead[H], options: GradientOptions = {}): LossAndGradients {
    checkOptions("valueAndGrad", options, GRADIENT);
    refuseAborted("valueAndGrad", options);
    const { packed, targets, states } = prepare("valueAndGrad", inputs, this.head, this.config);
    if (!targets) throw new ConfigError("valueAndGrad: there are no labels, so there is no loss");
    const loss = this.lossAndGrad(packed, targets, options, states);
    return { loss, gradients: new Map(this.store.parameters.map((one) => [one.name, one.gradient()])) };
  }

  /**
   * {@link valueAndGrad} for a packed batch: gives the loss; gradients are in {@link store}. `states`: what a decoder's
   * cross-attention looks at.
   */
  lossAndGrad(packed: Packed, targets: Targets, options: GradientOptions = {}, states?: PackedStates): number {
    checkOptions("lossAndGrad", options, GRADIENT);
    this.store.requireGradients();
    const { train = false, seed = 0, step = this.draws++, recompute = false, maskType } = options;
    if (!Number.isSafeInteger(step) || step < 0) throw new ConfigError(`step is ${step}, not a whole number from 0`);
    return scope(() => {
      const batch = new PackedBatch(packed); // of the scope around: layers that run again need it in backward
      const pass = { recompute, ...passOptions(packed, states, maskType, this.config.hidden_size) };
      const loss = () => this.network.head.loss(this.network.encode(batch, pass), batch, targets);
      return valueAndGradients(train ? () => training({ seed, step }, loss) : loss).loss;
    });
  }

  /** The mean loss of a packed batch, without gradients and without dropout. Errors: as {@link forward}. */
  lossPacked(packed: Packed, targets: Targets): number {
    return this.run(packed, (batch) => this.network.head.loss(this.network.encode(batch), batch, targets).item());
  }

  /** The parameters, by Hugging Face's names, in the order of their declaration. */
  parameters(): ParameterAccess[] {
    return [...this.store.parameters];
  }

  /**
   * Gives the labels of one text, or of several, in their order, with their scores. Needs a classifier with a tokenizer.
   *
   * @example
   * ```ts
   * const { label, score } = await model.classify("what a joy");
   * const all = await model.classify(["what a joy", "what a bore"], { maxLength: 64 });
   * ```
   * @throws ConfigError for another model or a wrong option, DataError for a text without tokens, EngineError where the model
   * gives NaN, AbortError.
   */
  classify(text: string, options?: ClassifyOptions): Promise<Classification>;
  classify(texts: readonly string[], options?: ClassifyOptions): Promise<Classification[]>;
  async classify(texts: string | readonly string[], options: ClassifyOptions = {}) {
    checkOptions("classify", options, PIPELINES.classify);
    const { classify } = await import("../pipelines/classify.js");
    return oneOrMany(texts, (all) => classify(this, all, options));
  }

  /**
   * Gives a vector for one text, `[C]`, or for several, in their order. Needs a tokenizer.
   *
   * @example
   * ```ts
   * const vector = await model.embed("a text", { pooling: "mean", normalize: true });
   * ```
   * @throws ConfigError for another model or a wrong option, DataError for a text without tokens, EngineError where the model
   * gives NaN, AbortError.
   */
  embed(text: string, options?: EmbedOptions): Promise<Float32Array>;
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>;
  async embed(texts: string | readonly string[], options: EmbedOptions = {}) {
    checkOptions("embed", options, PIPELINES.embed);
    const { embed } = await import("../pipelines/embed.js");
    return oneOrMany(texts, (all) => embed(this, all, options));
  }

  /**
   * For one query or several the likest of `texts`, or of the vectors, `[C]` each, that {@link embed} made of them, best first,
   * by the cosine of their vectors. Errors: as {@link embed}, and ShapeError for vectors of another width.
   */
  search(
    query: string,
    texts: readonly string[] | readonly Float32Array[],
    options?: SearchOptions,
  ): Promise<SearchHit[]>;
  search(
    queries: readonly string[],
    texts: readonly string[] | readonly Float32Array[],
    options?: SearchOptions,
  ): Promise<SearchHit[][]>;
  async search(
    queries: string | readonly string[],
    texts: readonly string[] | readonly Float32Array[],
    options: SearchOptions = {},
  ) {
    checkOptions("search", options, PIPELINES.search);
    const { search } = await import("../pipelines/search.js");
    return oneOrMany(queries, (all) => search(this, all, texts, options));
  }

  /**
   * Guesses at the masks of one text, or of several, in their order: for each mask the likeliest tokens first. Needs a masked
   * language model with a tokenizer. Errors: as {@link classify}, and DataError for a text without a mask.
   */
  fillMask(text: string, options?: FillMaskOptions): Promise<MaskGuess[]>;
  fillMask(texts: readonly string[], options?: FillMaskOptions): Promise<MaskGuess[][]>;
  async fillMask(texts: string | readonly string[], options: FillMaskOptions = {}) {
    checkOptions("fillMask", options, PIPELINES.fillMask);
    const { fillMask } = await import("../pipelines/fillMask.js");
    return oneOrMany(texts, (all) => fillMask(this, all, options));
  }

  /**
   * The labels of the tokens of one text, or of several, in their order, as transformers' pipeline gives them; what the special
   * tokens mask marks has none. Needs a token classifier with a tokenizer. Errors: as {@link classify}.
   */
  tagTokens(text: string, options?: TagTokensOptions): Promise<TokenTag[]>;
  tagTokens(texts: readonly string[], options?: TagTokensOptions): Promise<TokenTag[][]>;
  async tagTokens(texts: string | readonly string[], options: TagTokensOptions = {}) {
    checkOptions("tagTokens", options, PIPELINES.tagTokens);
    const { tagTokens } = await import("../pipelines/tagTokens.js");
    return oneOrMany(texts, (all) => tagTokens(this, all, options));
  }

  /**
   * Answers to one question, or to several, each from its context, best first, as transformers' pipeline finds them. Needs a
   * question answerer with a tokenizer. Errors: as {@link classify}, ConfigError for a question that leaves no room for its
   * context, and DataError for an empty question or context.
   */
  answer(question: Question, options?: AnswerOptions): Promise<Answer[]>;
  answer(questions: readonly Question[], options?: AnswerOptions): Promise<Answer[][]>;
  async answer(questions: Question | readonly Question[], options: AnswerOptions = {}) {
    checkOptions("answer", options, PIPELINES.answer);
    const { answer } = await import("../pipelines/answer.js");
    return oneOrMany(questions, (all) => answer(this, all, options));
  }

  /**
   * Which choice fits a prompt, or several prompts, best. Needs a multiple-choice model with a tokenizer. Errors: as {@link
   * classify}.
   */
  choose(question: ChoiceQuestion, options?: PipelineOptions): Promise<Choice>;
  choose(questions: readonly ChoiceQuestion[], options?: PipelineOptions): Promise<Choice[]>;
  async choose(questions: ChoiceQuestion | readonly ChoiceQuestion[], options: PipelineOptions = {}) {
    checkOptions("choose", options, PIPELINES.choose);
    const { choose } = await import("../pipelines/choose.js");
    return oneOrMany(questions, (all) => choose(this, all, options));
  }

  /**
   * Writes a Hugging Face folder, whole or not at all. Wait for it before the model is changed or closed.
   *
   * @example
   * ```ts
   * await model.save("./copy", { dtype: "f16" });
   * ```
   * @throws ConfigError for a wrong option or int8 weights, CheckpointError where it cannot be written.
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    checkOptions("save", options, SAVE);
    const { saveModel } = await import("./save.js");
    await saveModel(path, this, this.withSentences(options));
  }

  /** The files that {@link save} would write, by name, where there are no folders: {@link RoFormer.load} takes them. */
  async files(options: SaveOptions = {}): Promise<Map<string, Blob>> {
    checkOptions("files", options, SAVE);
    const { blobOf, modelFiles } = await import("./save.js");
    const blobs = new Map<string, Blob>();
    for (const [name, content] of modelFiles(this, this.withSentences(options))) blobs.set(name, await blobOf(content));
    return blobs;
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

  private withSentences(options: SaveOptions): SaveOptions {
    // A classifier's folder says nothing of vectors.
    const kept = this.head === "base" || this.head === "masked-lm";
    const sentences = kept ? (this.sentenceModel?.files ?? []) : [];
    return { ...options, files: new Map([...sentences, ...(options.files ?? [])]) };
  }

  private run<T>(packed: Packed, body: (batch: PackedBatch) => T): T {
    if (this.closed) throw new EngineError("the model is closed", { reason: "closed" });
    this.network.store.pack();
    return noGrad(() => scope(() => body(new PackedBatch(packed))));
  }
}

/** The result for one, or the results for several. */
async function oneOrMany<T, R>(given: T | readonly T[], run: (all: readonly T[]) => Promise<R[]>): Promise<R | R[]> {
  if (Array.isArray(given)) return run(given);
  const [only] = await run([given as T]);
  return only!;
}
