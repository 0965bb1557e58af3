import { ConfigError } from "../../errors.js";
import type { NumberDtype } from "../../io/dtypes.js";
import { type TensorSource, writeSafetensors } from "../../io/safetensorsWriter.js";
import type { HeadName } from "../../nn/heads/index.js";
import type { ParameterStore } from "../../nn/parameters.js";
import type { Content } from "../../platform/index.js";
import type { Parameter } from "../../tensor/parameter.js";
import { ADAPTER_CONFIG, adapterConfigJson } from "./config.js";
import type { AppliedLora } from "./settings.js";

/** What stands before the names of a model's tensors in the file of an adapter. */
export const PREFIX = "base_model.model.";

/** The files of an adapter's weights, by precedence. */
export const ADAPTER_WEIGHTS = ["adapter_model.safetensors", "adapter_model.bin"] as const;

/** Files by which a folder is an adapter's. */
export const ADAPTER_FILES: readonly string[] = [ADAPTER_CONFIG, ...ADAPTER_WEIGHTS];

/** A model with an adapter, as far as the adapter's files show it. */
export interface AdaptedModel {
  readonly head: HeadName;
  readonly store: ParameterStore;
  readonly source?: string | undefined;
  readonly lora: AppliedLora;
}

/** `adapter_config.json` and `adapter_model.safetensors` as PEFT writes them. */
export function adapterFiles({ head, store, source, lora }: AdaptedModel, dtype: NumberDtype): [string, Content][] {
  const stray = store.parameters.find(({ name, requiresGrad }) => requiresGrad && !lora.trained.has(name));
  if (stray)
    throw new ConfigError(
      `save: ${stray.name} is trained, and an adapter does not hold it: name its module in modulesToSave, or save with { merge: true }`,
    );
  const tensors = adapterTensors(store, lora).map(
    ([file, one]): TensorSource => ({ name: PREFIX + file, shape: one.shape, read: () => one.read() }),
  );
  return [
    [ADAPTER_CONFIG, adapterConfigJson(lora.settings, head, source)],
    [ADAPTER_WEIGHTS[0], writeSafetensors(tensors, { dtype })],
  ];
}

/** What an adapter holds, by the names in its file without {@link PREFIX}: what it trains, and buffers, which may be drawn anew. */
export function adapterTensors(store: ParameterStore, { trained }: AppliedLora): [file: string, one: Parameter][] {
  const biases = new Map(
    [...store.linears.values()].flatMap(({ name, bias, adapter }) =>
      bias && adapter ? [[bias.name, `${name}.base_layer.bias`] as const] : [],
    ),
  );
  const held = store.saved.filter(({ name }) => trained.has(name) || store.isBuffer(name));
  return held.map((one) => [biases.get(one.name) ?? one.name, one]);
}
