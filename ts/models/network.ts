import { checkpoint } from "../autograd/checkpoint.js";
import { ConfigError } from "../errors.js";
import { attentions, type Mask, settingsOf } from "../nn/attentions/index.js";
import type { EncoderStates } from "../nn/blocks/crossAttention.js";
import { EncoderLayer } from "../nn/blocks/layer.js";
import { Embeddings } from "../nn/embeddings.js";
import { type Head, type HeadFactory, type HeadName, heads } from "../nn/heads/index.js";
import { LayerNorm } from "../nn/layerNorm.js";
import { Linear } from "../nn/linear.js";
import type { PackedBatch } from "../nn/packed.js";
import { ParameterScope, ParameterStore } from "../nn/parameters.js";
import { type Position, positions } from "../nn/positions/index.js";
import { training, trainingStep } from "../nn/training.js";
import type { ActivationName } from "../ops/activation.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import type { RoFormerConfig } from "./config.js";
import type { EncoderSettings, PositionSettings } from "./families/index.js";
import { familyOf } from "./families.js";

/** Settings of {@link Network.encode}. */
export interface EncodeOptions {
  /** Which tokens see which; what the configuration says unless given: all, or in a decoder those before. */
  readonly mask?: Mask | undefined;
  /** What a decoder's cross-attention looks at. Gradients flow into these states, as of another network's `encode`. */
  readonly encoder?: EncoderStates | undefined;
  /** Sees the embeddings' output and every layer's. */
  readonly each?: ((states: Tensor) => void) | undefined;
  /** Keeps of each layer its input alone: gradients compute the layer a second time, from the batch too, which has to live on. */
  readonly recompute?: boolean | undefined;
}

/** What a network is made of, beside its configuration. */
export interface NetworkOptions {
  /** What it computes. */
  readonly head: HeadName;
  /** The activation of the pooler behind the base model. Default: there is none. */
  readonly pooler?: ActivationName | undefined;
  /** Where it declares its parameters: several networks may share a store, as encoder and decoder do. Default: a new one. */
  readonly store?: ParameterStore | undefined;
  /** What the names of its parameters begin with, without the dot: "decoder". Default: nothing. */
  readonly prefix?: string | undefined;
}

/** The layers of a model and its parameters, without memory until `store.allocate()`. */
export class Network {
  readonly config: RoFormerConfig;
  readonly head: Head;
  readonly store: ParameterStore;
  private readonly positions = new Map<string, Position>();
  private readonly embeddings: Embeddings;
  private readonly project: Linear | undefined;
  private readonly layers: EncoderLayer[];
  private readonly finalNorm: LayerNorm | undefined;

  /** Errors: ConfigError for what the parts cannot meet, CheckpointError where two networks of a store share a name. */
  constructor(config: RoFormerConfig, { head, pooler, store = new ParameterStore(), prefix = "" }: NetworkOptions) {
    this.config = config;
    this.store = store;
    const family = familyOf(config);
    const root = new ParameterScope(store, config.initializer_range).at(prefix);
    const factory: HeadFactory = heads[head];
    const encoder = factory.bare ? root : root.at(family.prefix);
    const { hidden_size: width, num_hidden_layers } = config;
    const settings = family.encoder(config);
    const { embeddings, names, finalNorm } = settings;
    this.embeddings = new Embeddings(encoder, embeddings, this.position(settings.position, encoder, settings));
    const E = embeddings.width;
    this.project = E === width ? undefined : new Linear(encoder.at(names.project), E, width, embeddings.bias);
    this.layers = Array.from({ length: num_hidden_layers }, (_, i) => {
      const { attention, attentionFields, position: where, ...options } = settings.layer(i);
      const position = this.position(where, encoder, settings);
      const sizes = { heads: options.heads, headSize: width / options.heads };
      const own = { ...sizes, position, ...settingsOf(attentionFields) };
      const create = (params: ParameterScope) => attentions[attention]({ params, ...own });
      return new EncoderLayer(encoder.at(names.layer(i)), { ...options, attention: create, position });
    });
    this.finalNorm = finalNorm && new LayerNorm(encoder.at(finalNorm.name), width, finalNorm.eps, finalNorm.bias);
    this.head = factory.create({
      ...family.heads(config),
      ...{ params: root, encoder, words: this.embeddings.words, pooler },
    });
  }

  /** The encoding with these settings: one for all who want it. */
  private position({ name, rope }: PositionSettings, encoder: ParameterScope, settings: EncoderSettings): Position {
    const key = JSON.stringify([name, rope]);
    const made = this.positions.get(key);
    if (made) return made;
    const { hidden_size, num_attention_heads, max_position_embeddings } = this.config;
    const position = positions[name]({
      params: encoder.at(settings.names.positions),
      embeddingWidth: settings.embeddings.width,
      heads: num_attention_heads,
      headSize: hidden_size / num_attention_heads,
      maxPositions: max_position_embeddings,
      rope,
    });
    this.positions.set(key, position);
    return position;
  }

  /** The last hidden states, `[N, C]`. Errors: ConfigError for states of an encoder where nothing looks at them. */
  encode(batch: PackedBatch, options: EncodeOptions = {}): Tensor {
    const { mask = { causal: this.config.is_decoder }, encoder, each, recompute = false } = options;
    if (encoder && !this.config.add_cross_attention)
      throw new ConfigError(
        "an encoder's states are given, and the model has no cross-attention: set add_cross_attention",
      );
    const others = encoder ? [encoder.states] : [];
    let x = scope(() => {
      const embedded = this.embeddings.forward(batch);
      return this.project?.forward(embedded) ?? embedded;
    });
    each?.(x);
    for (const [i, layer] of this.layers.entries()) {
      // The layer's input ends with the layer, unless gradients need it.
      const input: Tensor = x;
      const forward = () => layer.forward(input, batch, mask, encoder);
      x = scope(() => (recompute ? checkpoint(again(forward), [input, ...others]) : forward()), [input]);
      // The last layer's states are seen behind the last norm, as Hugging Face's `hidden_states` are.
      if (i < this.layers.length - 1 || !this.finalNorm) each?.(x);
    }
    const { finalNorm } = this;
    if (!finalNorm) return x;
    const last = x;
    x = scope(() => finalNorm.forward(last), [last]);
    each?.(x);
    return x;
  }

  /** Gives all memory back, the store's too: networks that share one end together. */
  free(): void {
    for (const position of this.positions.values()) position.free?.();
    this.store.free();
  }
}

/** `body` as it runs in this training step, whenever it runs: dropout draws the same. */
function again<T>(body: () => T): () => T {
  const step = trainingStep();
  return step ? () => training(step, body) : body;
}
