import { CheckpointError, ConfigError } from "../errors.js";
import type { RoFormerConfig } from "./config.js";
import { V2 } from "./families/bertLike.js";
import { familyOf } from "./families.js";
import type { Fit } from "./fit.js";

const GAU = "GAU-α, of gated attention units";
const REASON = "is another model than RoFormer and is not computed here";

/** Parameters of layers. */
const OF_LAYER = /\.layer\.\d+\..+\.(weight|bias)$/;

/** Models that are related to RoFormer, by `model_type` as it is spelt in various places. */
const MODEL_TYPES: ReadonlyMap<unknown, string> = new Map([
  ["roformer_v2", V2],
  ["roformerv2", V2],
  ["gau_alpha", GAU],
  ["gau", GAU],
]);

/**
 * Refuses configurations of RoFormer's successors by name: RoFormer's class would load them, with what they lack made up, and
 * compute something that nobody trained. `where` is the file in the ConfigError.
 */
export function refuseForeignConfig(config: object, where: string): void {
  const fields = config as Readonly<Record<string, unknown>>;
  const refuse = (field: string, model: string): never => {
    throw new ConfigError(`${where}: ${field} is ${JSON.stringify(fields[field])}: ${model}, ${REASON}`);
  };
  const named = MODEL_TYPES.get(fields.model_type);
  if (named) refuse("model_type", named);
  const [architecture] = Array.isArray(fields.architectures) ? fields.architectures : [];
  if (/^RoFormerV2/i.test(String(architecture))) refuse("architectures", V2);
  if (/^GAU/.test(String(architecture))) refuse("architectures", GAU);
  const other = familyOf(fields).foreignField?.(fields);
  if (other) refuse(other.field, other.model);
}

/** Refuses weights that the configuration's family says are another one's. */
export function refuseOtherFamily(config: RoFormerConfig, where: string, { found, missing }: Fit): void {
  const problem = familyOf(config).foreign?.([...found.keys()], missing);
  if (problem) throw new ConfigError(`${where}: ${problem}`);
}

/** Refuses the weights of such a model under RoFormer's configuration: not one of the layers' biases is there. */
export function refuseForeignWeights(file: string, found: Iterable<string>, missing: readonly string[]): void {
  const isBias = (name: string) => name.endsWith(".bias");
  const held = [...found].filter((name) => OF_LAYER.test(name));
  if (held.length === 0 || held.some(isBias) || !missing.some((name) => OF_LAYER.test(name) && isBias(name))) return;
  throw new CheckpointError(`${file}: no layer has a bias: the weights are of ${V2}, or of ${GAU}; it ${REASON}`);
}
