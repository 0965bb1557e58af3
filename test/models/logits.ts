import type { Model } from "../../ts/models/model.js";
import type { Packed } from "../../ts/nn/packed.js";

/** A model's logits for a packed batch: a row a token or a sequence, end to end. */
export const logitsOf = (model: Model, packed: Packed): Float32Array =>
  model.run(packed, ({ head }) => head().logits!.read());
