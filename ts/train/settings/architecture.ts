import { type AttentionName, attentions, ROTATIONS, type Rotation } from "../../nn/attentions/index.js";
import { type PositionName, positions } from "../../nn/positions/index.js";
import { oneOf, rate, type Settings, whole } from "./rules.js";

/** Which attention a model has. A pretrained model can get another one: no weight depends on it. */
export interface AttentionSettings {
  /**
   * Attention.
   * @default "softmax", with `init` the model's
   */
  readonly attention?: AttentionName | undefined;
  /**
   * Where linear attentions rotate.
   * @default "eq19"
   */
  readonly rotation?: Rotation | undefined;
  /**
   * Random features per head of a Performer, M.
   * @default D ln D
   */
  readonly numRandomFeatures?: number | undefined;
}

/** Settings of a model with fresh weights. */
export interface ArchitectureSettings extends AttentionSettings {
  /**
   * Position encoding.
   * @default "rotary"
   */
  readonly position?: PositionName | undefined;
  /**
   * Number of layers.
   * @default 2
   */
  readonly layers?: number | undefined;
  /**
   * Width of the model, C, a multiple of `heads`.
   * @default 128
   */
  readonly width?: number | undefined;
  /**
   * Number of attention heads, H.
   * @default width / 64
   */
  readonly heads?: number | undefined;
  /**
   * Width of the feed-forward layers.
   * @default 4 · width
   */
  readonly ffn?: number | undefined;
  /**
   * Dropout rate, for attention probabilities too.
   * @default 0.1, with `init` the model's
   */
  readonly dropout?: number | undefined;
}

/** The table of {@link ArchitectureSettings}. */
export const ARCHITECTURE = {
  position: { rule: oneOf(Object.keys(positions)), unit: "name", help: "Position encoding", default: "rotary" },
  attention: {
    ...{ rule: oneOf(Object.keys(attentions)), unit: "name", help: "Attention", default: "softmax" },
    usually: '"softmax", with `init` the model\'s',
  },
  rotation: { rule: oneOf(ROTATIONS), unit: "name", help: "Where linear attentions rotate", default: "eq19" },
  numRandomFeatures: {
    ...{ rule: whole(1), unit: "number", help: "Random features per head of a Performer, M", usually: "D ln D" },
  },
  layers: { rule: whole(1), unit: "number", help: "Number of layers", default: 2 },
  width: { rule: whole(1), unit: "number", help: "Width of the model, C, a multiple of `heads`", default: 128 },
  heads: { rule: whole(1), unit: "number", help: "Number of attention heads, H", usually: "width / 64" },
  ffn: { rule: whole(1), unit: "number", help: "Width of the feed-forward layers", usually: "4 · width" },
  dropout: {
    ...{ rule: rate, unit: "rate", help: "Dropout rate, for attention probabilities too", default: 0.1 },
    usually: "0.1, with `init` the model's",
  },
} as const satisfies Settings<ArchitectureSettings>;
