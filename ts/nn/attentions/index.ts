import { checkOptions, type Names } from "../../options.js";
import type { AttentionFactory, AttentionOptions } from "./attention.js";
import { linear } from "./linear.js";
import { SETTINGS } from "./options.js";
import { softmax } from "./softmax.js";

export type { Attention, AttentionCall, AttentionFactory, AttentionOptions, Mask } from "./attention.js";
export type { Recurrent } from "./linear.js";
export {
  type AttentionFields,
  type AttentionSettings,
  fieldsOf,
  ROTATIONS,
  type Rotation,
  settingsOf,
} from "./options.js";

const OPTIONS: Names<AttentionOptions> = {
  ...{ params: true, heads: true, headSize: true, position: true },
  ...SETTINGS,
};

/** `make`, which refuses options of other names. */
function checked(make: AttentionFactory): AttentionFactory {
  const careful = (options: AttentionOptions) => {
    checkOptions("attentions", options, OPTIONS);
    return make(options);
  };
  return Object.assign(careful, { causal: make.causal });
}

/** Attentions by name. A new one is a file and a line; `test/conformance/attentions.test.ts` runs over all. */
export const attentions = {
  /** softmax(R q · R k / √D + biases) v (RoFormer, eq. 2 with eq. 14). */
  softmax,
  /** Linear attention with elu(x) + 1 (Katharopoulos et al. 2020; RoFormer, eq. 18 and 19). */
  "linear-elu": checked(linear("elu")),
  /** Linear attention with relu(x / D^(1/4)) + ε (performer-pytorch's generalized attention without projection). */
  "linear-relu": checked(linear("relu")),
  /** Linear attention with softmax(q) and exp(k) (Shen et al. 2018; RoFormer, eq. 18 and 19). */
  "linear-shen": checked(linear("shen")),
  /** FAVOR+'s positive random features, which estimate softmax (Choromanski et al. 2021). */
  performer: checked(linear("performer")),
  /** relu(W x / D^(1/4)) + ε with random projections W (performer-pytorch's generalized attention). */
  "performer-relu": checked(linear("performer-relu")),
} satisfies Record<string, AttentionFactory>;

/** Name of a registered attention: one of {@link attentions}. */
export type AttentionName = keyof typeof attentions;
