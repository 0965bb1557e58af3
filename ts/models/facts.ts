import type { HeadName } from "../nn/heads/index.js";
import type { RoFormerConfig } from "./config.js";
import type { Mismatch } from "./fit.js";
import type { SentenceSettings } from "./sentences/settings.js";

/** What a model is: what is known of it without asking its weights. */
export interface ModelFacts<H extends HeadName = HeadName> {
  /** The configuration, complete. */
  readonly config: RoFormerConfig;
  /** What the model computes. */
  readonly head: H;
  /** Parameters that the loaded file lacked, and that are fresh. */
  readonly missing: readonly string[];
  /** Tensors of the loaded file that this model does not have. */
  readonly unexpected: readonly string[];
  /** Parameters that the loaded file has in other shapes, and that are fresh. */
  readonly mismatched: readonly Mismatch[];
  /** How a sentence-transformers folder wants texts embedded; undefined for other models. */
  readonly sentences: SentenceSettings | undefined;
}
