import { AbortError, ConfigError } from "../errors.js";
import { unilm } from "../nn/attentions/unilm.js";
import type { Packed } from "../nn/packed.js";
import type { Tensor } from "../tensor/tensor.js";
import { encoderStates, type PackedStates } from "./encoderInputs.js";
import type { MaskOptions, SignalOptions } from "./interface.js";
import type { EncodeOptions } from "./network.js";

/** What a pass through a model does besides computing its last states. */
export interface PassOptions extends MaskOptions {
  /** What a decoder's cross-attention looks at. */
  readonly states?: PackedStates | undefined;
  /** Sees the embeddings' output and every layer's. */
  readonly each?: ((states: Tensor) => void) | undefined;
}

/** {@link PassOptions} as a network of width `C` takes them. */
export function passOptions(packed: Packed, { maskType, states, each }: PassOptions, C: number): EncodeOptions {
  if (maskType !== undefined && maskType !== "unilm")
    throw new ConfigError(`maskType is ${JSON.stringify(maskType)}, not "unilm"`);
  return { mask: maskType && unilm(packed), encoder: states && encoderStates(states, C), each };
}

/** Throws where the caller's signal was aborted already. */
export function refuseAborted(where: string, { signal }: SignalOptions): void {
  if (signal?.aborted) throw new AbortError(`${where} was aborted`, { cause: signal.reason });
}
