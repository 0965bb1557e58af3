import * as v from "valibot";
import { notNegative, oneOf, whole } from "../fieldTypes.js";
import { type AttentionFields, ROTATIONS } from "./options.js";

/** Checks each of {@link AttentionFields}; the messages say what is expected. */
export const attentionSchema = {
  rotation: v.optional(oneOf(ROTATIONS)),
  num_random_features: v.optional(whole(1, 65_536)),
  kernel_epsilon: v.optional(notNegative),
} satisfies Record<keyof AttentionFields, v.GenericSchema>;
