import { ConfigError } from "../errors.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../models/config.js";
import { newModelType, parts } from "../models/families.js";
import type { ArchitectureSettings } from "./settings/architecture.js";

/**
 * What becomes of a saved model's configuration when it goes on being trained, with another position encoding or attention, and on texts of
 * up to `maxLength` tokens. Learned positions can be left for rotary ones, which have no weights: so RoFormer began with BERT's. Errors:
 * ConfigError for any other change of positions, and for texts longer than learned positions reach.
 */
export function continued(
  config: RoFormerConfig,
  settings: ArchitectureSettings,
  maxLength: number,
): Partial<RoFormerConfigInput> {
  const { position: own, attention: before } = parts(config);
  const { position = own, attention = before } = settings;
  if (position !== own && !(own === "learned" && position.startsWith("rotary")))
    throw new ConfigError(
      `position is ${JSON.stringify(position)}, and the model's own is ${JSON.stringify(own)}: ` +
        "with init, learned positions can be replaced by rotary ones, and no others",
    );
  const reach = config.max_position_embeddings;
  if (position === "learned" && maxLength > reach)
    throw new ConfigError(`pretrain: maxLength is ${maxLength}, and the model has learned ${reach} positions`);
  const isScaled = config.roformer_js?.rope_parameters != null;
  return {
    ...((position !== own || attention !== before) && {
      model_type: newModelType(position, attention),
      roformer_js: { ...config.roformer_js, position },
    }),
    ...(maxLength > reach && !isScaled && { max_position_embeddings: maxLength }),
  };
}
