import { bert } from "./bert.js";
import type { Family } from "./family.js";
import { roformer } from "./roformer.js";

export type { EncoderSettings, Family, LayerSettings, PositionSettings } from "./family.js";

/** Families by `model_type`. A new one is a file and a line. */
export const families = {
  roformer,
  /** RoFormer with what Hugging Face's class cannot compute. */
  roformer_js: roformer,
  bert,
} satisfies Record<string, Family>;

/** Names of families in configurations. */
export type ModelType = keyof typeof families;
