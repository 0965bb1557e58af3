import type { ActivationName } from "../../ops/activation.js";
import type { Names } from "../../options.js";
import type { Attention } from "../attentions/index.js";
import type { PartNames } from "../linear.js";
import type { ParameterScope } from "../parameters.js";
import type { Position } from "../positions/index.js";

/** Names of the parameters of self-attention. */
export interface AttentionNames {
  /** Query, key and value: a name each, or that of one tensor of all three. */
  readonly qkv: PartNames<readonly [query: string, key: string, value: string]>;
  /** The projection of what the heads give. */
  readonly output: string;
  /** The norm. Default: there is none. */
  readonly norm?: string | undefined;
  /** Where the attention declares what it needs besides, as random features. */
  readonly features: string;
}

/** Names of the parameters of attention to an encoder's states. */
export interface CrossAttentionNames extends Omit<AttentionNames, "qkv"> {
  /** The query. */
  readonly query: string;
  /** Key and value: a name each, or that of one tensor of both. */
  readonly keyValue: PartNames<readonly [key: string, value: string]>;
}

/** Names of the parameters of the feed-forward part. */
export interface FeedForwardNames {
  /** The first layer; of a gated one what is activated and the gate: a name each, or that of one tensor of both. */
  readonly input: PartNames<readonly [activated: string, gate: string]>;
  /** The second layer. */
  readonly output: string;
  /** The norm. Default: there is none. */
  readonly norm?: string | undefined;
}

/** What a layer's parameters are called, counted from the layer's own name: a family's business. */
export interface LayerNames {
  /** Of self-attention. */
  readonly attention: AttentionNames;
  /** Of attention to an encoder's states, which needs them. */
  readonly crossAttention?: CrossAttentionNames | undefined;
  /** Of the feed-forward part. */
  readonly feedForward: FeedForwardNames;
}

/** What a layer is made from. */
export interface LayerOptions {
  /** Width of the model, C. */
  readonly width: number;
  /** Number of heads, H; the width is a multiple of it. */
  readonly heads: number;
  /** Width of the feed-forward part, F. */
  readonly intermediateWidth: number;
  /** Activation of the feed-forward part (`hidden_act`). */
  readonly activation: ActivationName;
  /** Where norms are. "post": y = norm(x + f(x)), as Vaswani et al. 2017; "pre": y = x + f(norm(x)). */
  readonly norm: "post" | "pre";
  /** Whether linear layers and norms have biases. */
  readonly bias: boolean;
  /** Whether the feed-forward part is W2 (act(W1 x) · (V x)) (Shazeer 2020) and not W2 act(W1 x). */
  readonly gated: boolean;
  /** Largest distance of a key that a query sees, in tokens, at least 1. Default: no limit. */
  readonly window?: number | undefined;
  /** ε added to the variances of layer normalizations (`layer_norm_eps`). */
  readonly eps: number;
  /** Rate of dropout of what is added to the residuals, 0 to 1 (`hidden_dropout_prob`). */
  readonly hiddenDropout: number;
  /** Rate of dropout of attention's probabilities, 0 to 1 (`attention_probs_dropout_prob`). */
  readonly attentionDropout: number;
  /** Makes the attention of a layer, where it may declare what it needs. */
  readonly attention: (params: ParameterScope) => Attention;
  /** The position encoding, which attention asks for its rotations. */
  readonly position: Position;
  /** Turns values too (`rotary_value`). */
  readonly rotateValue: boolean;
  /** Adds attention to an encoder's states (`add_cross_attention`). */
  readonly crossAttention: boolean;
  /** What the parameters are called. */
  readonly names: LayerNames;
}

/** The names of {@link LayerOptions}. */
export const LAYER: Names<LayerOptions> = {
  ...{ width: true, heads: true, intermediateWidth: true, activation: true, eps: true },
  ...{ norm: true, bias: true, gated: true, window: true, hiddenDropout: true, attentionDropout: true },
  ...{ attention: true, position: true, rotateValue: true, crossAttention: true, names: true },
};
