import { checkpoint } from "../autograd/checkpoint.js";
import { type AttentionName, attentions, type Mask } from "../nn/attentions/index.js";
import type { EncoderStates } from "../nn/crossAttention.js";
import { Embeddings } from "../nn/embeddings.js";
import { EncoderLayer } from "../nn/encoderLayer.js";
import { type Head, type HeadName, heads } from "../nn/heads/index.js";
import { Linear } from "../nn/linear.js";
import type { PackedBatch } from "../nn/packed.js";
import { ParameterScope, ParameterStore } from "../nn/parameters.js";
import { type Position, positions } from "../nn/positions/index.js";
import { training, trainingStep } from "../nn/training.js";
import type { ActivationName } from "../ops/activation.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { numLabels, type RoFormerConfig } from "./config.js";
import { parts } from "./families.js";

/** Settings of {@link Network.encode}. */
export interface EncodeOptions {
  /** Which tokens see which; what the configuration says unless given: all, or in a decoder those before. */
  readonly mask?: Mask | undefined;
  /** What a decoder's cross-attention looks at. */
  readonly encoder?: EncoderStates | undefined;
  /** Sees the embeddings' output and every layer's. */
  readonly each?: ((states: Tensor) => void) | undefined;
  /** Keeps of each layer its input alone: gradients compute the layer a second time, from the batch too, which has to live on. */
  readonly recompute?: boolean | undefined;
}

/** The layers of a model and its parameters, without memory until `store.allocate()`. */
export class Network {
  readonly config: RoFormerConfig;
  readonly head: Head;
  readonly store = new ParameterStore();
  private readonly position: Position;
  private readonly embeddings: Embeddings;
  private readonly project: Linear | undefined;
  private readonly layers: EncoderLayer[];

  /** `pooler`: the activation of the pooler behind the base model, which has none without. */
  constructor(config: RoFormerConfig, head: HeadName, pooler: ActivationName | undefined) {
    this.config = config;
    const { family, position, attention } = parts(config);
    const root = new ParameterScope(this.store, config.initializer_range);
    const encoder = head === "base" ? root : root.at(family.prefix);
    const width = config.hidden_size;
    const E = config.embedding_size ?? width;
    const headSize = width / config.num_attention_heads;
    this.position = positions[position]({
      scope: encoder.at("embeddings"),
      embeddingWidth: E,
      heads: config.num_attention_heads,
      headSize,
      maxPositions: config.max_position_embeddings,
      rope: config.roformer_js?.rope_parameters,
    });
    this.embeddings = new Embeddings(encoder.at("embeddings"), embeddingsOptions(config, E), this.position);
    this.project = E === width ? undefined : new Linear(encoder.at("embeddings_project"), E, width);
    const options = this.layerOptions(attention);
    this.layers = Array.from(
      { length: config.num_hidden_layers },
      (_, i) => new EncoderLayer(encoder.at("encoder").at("layer").at(String(i)), options),
    );
    this.head = heads[head].create({ ...this.headOptions(root, encoder), pooler });
  }

  private layerOptions(attention: AttentionName) {
    const { config, position } = this;
    const [heads, ours] = [config.num_attention_heads, config.roformer_js ?? {}];
    const headSize = config.hidden_size / heads;
    const features = {
      rotation: ours.rotation,
      numRandomFeatures: ours.num_random_features,
      kernelEpsilon: ours.kernel_epsilon,
    };
    return {
      width: config.hidden_size,
      heads: config.num_attention_heads,
      intermediateWidth: config.intermediate_size,
      activation: config.hidden_act,
      eps: config.layer_norm_eps,
      hiddenDropout: config.hidden_dropout_prob,
      attentionDropout: config.attention_probs_dropout_prob,
      attention: (scope: ParameterScope) => attentions[attention]({ scope, heads, headSize, position, ...features }),
      position,
      rotateValue: config.rotary_value,
      crossAttention: config.add_cross_attention,
    };
  }

  private headOptions(root: ParameterScope, encoder: ParameterScope) {
    const { config } = this;
    const { family } = parts(config);
    return {
      scope: root,
      encoder,
      width: config.hidden_size,
      words: this.embeddings.words,
      tied: config.tie_word_embeddings,
      activation: config.hidden_act,
      eps: config.layer_norm_eps,
      dropout: family.classifierDropout(config),
      labels: numLabels(config),
      problem: config.problem_type ?? undefined,
      summary: {
        type: config.summary_type ?? "last",
        project: config.summary_use_proj ?? false,
        toLabels: config.summary_proj_to_labels ?? false,
        activation: config.summary_activation ?? undefined,
        firstDropout: config.summary_first_dropout ?? 0,
        lastDropout: config.summary_last_dropout ?? 0,
      },
      classifier: family.classifier,
      chooser: family.chooser,
    };
  }

  /** The last hidden states, `[N, C]`. */
  encode(batch: PackedBatch, options: EncodeOptions = {}): Tensor {
    const { mask = { causal: this.config.is_decoder }, encoder, each, recompute = false } = options;
    const others = encoder ? [encoder.states] : [];
    let x = scope(() => {
      const embedded = this.embeddings.forward(batch);
      return this.project?.forward(embedded) ?? embedded;
    });
    each?.(x);
    for (const layer of this.layers) {
      // The layer's input ends with the layer, unless gradients need it.
      const input: Tensor = x;
      const forward = () => layer.forward(input, batch, mask, encoder);
      x = scope(() => (recompute ? checkpoint(again(forward), [input, ...others]) : forward()), [input]);
      each?.(x);
    }
    return x;
  }

  /** Gives all memory back. */
  free(): void {
    this.position.free?.();
    this.store.free();
  }
}

/** `body` as it runs in this training step, whenever it runs: dropout draws the same. */
function again<T>(body: () => T): () => T {
  const step = trainingStep();
  return step ? () => training(step, body) : body;
}

const embeddingsOptions = (config: RoFormerConfig, width: number) => ({
  vocabulary: config.vocab_size,
  width,
  types: config.type_vocab_size,
  // Counted from the end where it is negative, as PyTorch does.
  padding: config.pad_token_id === null ? null : (config.pad_token_id + config.vocab_size) % config.vocab_size,
  eps: config.layer_norm_eps,
  dropout: config.hidden_dropout_prob,
});
