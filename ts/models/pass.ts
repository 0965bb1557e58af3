import { AbortError, ConfigError } from "../errors.js";
import { unilm } from "../nn/attentions/unilm.js";
import { type HeadFactory, type HeadName, heads } from "../nn/heads/index.js";
import type { Packed } from "../nn/packed.js";
import { checkOptions } from "../options.js";
import type { RoFormerConfig } from "./config.js";
import { encoderStates, type PackedStates, packStates } from "./encoderInputs.js";
import { type ModelInputs, packInputs } from "./inputs.js";
import type { MaskOptions, SignalOptions } from "./interface.js";
import type { EncodeOptions } from "./network.js";
import { INPUTS } from "./options.js";
import { packTargets } from "./targets.js";

/** Padded inputs as a model with `head` takes them; `where` names the call in errors. */
export function prepare(where: string, inputs: ModelInputs, head: HeadName, config: RoFormerConfig) {
  if (inputs) checkOptions(where, inputs, INPUTS, "input"); // without any, the shapes are what is wrong
  const { labels, choices } = heads[head] as HeadFactory;
  const { packed, layout } = packInputs(inputs, choices);
  return { packed, layout, targets: packTargets(inputs, layout, labels), states: packStates(inputs, layout.B, config) };
}

/** What a pass through a network of width `C` does besides. */
export function passOptions(
  packed: Packed,
  states: PackedStates | undefined,
  maskType: MaskOptions["maskType"],
  C: number,
): Pick<EncodeOptions, "mask" | "encoder"> {
  if (maskType !== undefined && maskType !== "unilm")
    throw new ConfigError(`maskType is ${JSON.stringify(maskType)}, not "unilm"`);
  return { mask: maskType && unilm(packed), encoder: states && encoderStates(states, C) };
}

/** Throws where the caller's signal was aborted already. */
export function refuseAborted(where: string, { signal }: SignalOptions): void {
  if (signal?.aborted) throw new AbortError(`${where} was aborted`, { cause: signal.reason });
}
