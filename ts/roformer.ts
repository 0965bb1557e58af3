import { ConfigError } from "./errors.js";
import type { FileSource } from "./io/files.js";
import { parseConfig, type RoFormerConfigInput } from "./models/config.js";
import { familyOf } from "./models/families.js";
import type { ModelInputs } from "./models/inputs.js";
import type { CreateOptions, ForwardOptions, GradientOptions, LossAndGradients } from "./models/interface.js";
import type { LoadOptions } from "./models/load.js";
import type { LoraSettings } from "./models/lora/settings.js";
import { Model, type ModelParts } from "./models/model.js";
import { Network } from "./models/network.js";
import { CREATE, LOAD, SAVE } from "./models/options.js";
import type { GradientInputsByHead, ModelOutput, OutputOf } from "./models/outputs.js";
import { forward, valueAndGrad } from "./models/padded.js";
import type { SaveOptions } from "./models/save.js";
import type { SentenceModel } from "./models/sentences/settings.js";
import { type HeadName, heads } from "./nn/heads/index.js";
import { checkOptions } from "./options.js";
import { withPipelines } from "./pipelines/index.js";

// What only some programs use is imported when it is used: a page that loads a model should wait for little.

const PipelineModel = withPipelines(Model);

/** A RoFormer (Su et al. 2021), or BERT, with one head, in the engine's memory until it is closed. */
export class RoFormer<H extends HeadName = HeadName, O extends ModelOutput = OutputOf<H>> extends PipelineModel<H> {
  private constructor(parts: ModelParts<H>) {
    super(parts);
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
    const network = new Network(checked, { head, pooler: familyOf(checked).pooler(checked) });
    try {
      network.store.allocate();
      network.store.initialise(seed);
    } catch (error) {
      network.free();
      throw error;
    }
    const fit = { missing: [], unexpected: [], mismatched: [] };
    return new RoFormer<H>({ network, facts: { config: checked, head, ...fit, sentences: undefined }, tokenizer });
  }

  /** @internal The same model with what makes its vectors, and with a sentence-transformers folder's files. */
  withSentences(sentenceModel: SentenceModel): RoFormer<H> {
    const { network, facts, tokenizer } = this;
    return new RoFormer({ network, facts: { ...facts, sentences: sentenceModel.settings }, tokenizer, sentenceModel });
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
    const { openModel } = await import("./models/open.js");
    return new RoFormer<H>((await openModel(source, options)) as ModelParts<H>);
  }

  /**
   * Computes the head's outputs, without dropout, and the loss if there are labels. Errors: ShapeError for inputs that do not
   * fit each other or the head, ConfigError for those that mean nothing to the model, EngineError for an id that it has no
   * vector for, for a closed model, or where there is no memory.
   */
  forward(inputs: ModelInputs, options: ForwardOptions = {}): O {
    return forward(this, inputs, options) as O;
  }

  /**
   * The loss, and the gradients of every parameter, added to what earlier calls left until an optimiser's `step` or `zeroGrad`.
   * What a call that throws has added is not taken back: clear it. Errors: as {@link forward}, and ConfigError without labels,
   * for int8 weights, or for a wrong `seed` or `step`.
   */
  valueAndGrad(inputs: GradientInputsByHead[H], options: GradientOptions = {}): LossAndGradients {
    return valueAndGrad(this, inputs, options);
  }

  /**
   * Adds low-rank adapters (LoRA) to linear layers and freezes the rest but the head: what is trained and saved from then on is small. The
   * model computes what it did until it is trained.
   *
   * @example
   * ```ts
   * const model = await RoFormer.load("./base", { head: "sequence-classification", strict: false });
   * await model.addLora({ r: 8, targetModules: ["query", "value"] });
   * // … train …
   * await model.save("./adapter");
   * ```
   * @throws ConfigError for a setting that cannot be met, int8 weights, or a model that has an adapter; EngineError while an optimizer
   * lives, for a closed model, or where there is no memory.
   */
  async addLora(settings: LoraSettings = {}): Promise<void> {
    const { applyLora } = await import("./models/lora/apply.js");
    applyLora(this, settings);
  }

  /**
   * Adds what adapters compute to the weights and removes them: an ordinary model, nothing of which is frozen.
   *
   * @throws ConfigError for a model without an adapter; EngineError while an optimizer lives, for a closed model, or where there is no
   * memory.
   */
  async mergeLora(): Promise<void> {
    const { mergeLora } = await import("./models/lora/apply.js");
    mergeLora(this);
  }

  /**
   * Writes a Hugging Face folder, whole or not at all; of a model with an adapter, the adapter's (PEFT), without the base, unless `merge` is
   * true. Wait for it before the model is changed or closed.
   *
   * @example
   * ```ts
   * await model.save("./copy", { dtype: "f16" });
   * ```
   * @throws ConfigError for a wrong option, also a type that int8 weights or an adapter cannot have; CheckpointError where it cannot be written.
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    checkOptions("save", options, SAVE);
    const { saveModel } = await import("./models/save.js");
    await saveModel(path, this, options);
    if (this.lora) return;
    this.source = path;
    this.store.wasHeld = false;
  }

  /** The files that {@link save} would write, by name, where there are no folders: {@link RoFormer.load} takes them. */
  async files(options: SaveOptions = {}): Promise<Map<string, Blob>> {
    checkOptions("files", options, SAVE);
    const { blobOf, modelFiles } = await import("./models/save.js");
    const blobs = new Map<string, Blob>();
    for (const [name, content] of modelFiles(this, options)) blobs.set(name, await blobOf(content));
    return blobs;
  }
}
