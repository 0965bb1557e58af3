import { ConfigError } from "../errors.js";
import type { SavedDtype } from "../io/dtypes.js";
import { roundRows, SCALE } from "../io/int8.js";
import type { TensorSource } from "../io/safetensorsWriter.js";
import { type HeadFactory, heads } from "../nn/heads/index.js";
import { readMerged } from "../nn/loraMerge.js";
import type { Parameter } from "../tensor/parameter.js";
import { familyOf } from "./families.js";
import { largestMultiple } from "./int8.js";
import type { SavedModel } from "./save.js";

/**
 * The parameters, with what adapters add to them, and buffers; of numbers that are not bytes, what Hugging Face's class keeps beside
 * them.
 */
export function savedTensors({ config, head, store }: SavedModel, dtype: SavedDtype): TensorSource[] {
  const linears = [...store.linears.values()];
  const adapters = new Map(linears.flatMap(({ weight, adapter }) => (adapter ? [[weight, adapter] as const] : [])));
  const parts = new Set([...adapters.values()].flatMap(({ a, b }) => [a, b]));
  const own = store.saved
    .filter((one) => !parts.has(one))
    .flatMap((one): TensorSource[] => {
      const adapter = adapters.get(one);
      const read = () => (adapter ? readMerged(one, adapter) : one.read());
      const most = dtype === "int8" && !store.isBuffer(one.name) ? largestMultiple(one) : undefined;
      return most === undefined ? [{ name: one.name, shape: one.shape, read }] : int8Sources(one, read, most);
    });
  if (dtype === "int8") return own;
  const family = familyOf(config);
  const { bare }: HeadFactory = heads[head];
  return [...own, ...(family.derived?.(config, bare ? "" : `${family.prefix}.`) ?? [])];
}

/** A matrix as it is saved: bytes, and a scale for each row. */
function int8Sources({ name, shape }: Parameter, read: () => Float32Array, most: number): TensorSource[] {
  const [rows, width] = shape as readonly [number, number];
  const rounded = () => {
    const values = read();
    const odd = values.find((x) => !Number.isFinite(x));
    if (odd !== undefined) throw new ConfigError(`tensor ${name} holds ${odd}, which int8 cannot hold: save it as f32`);
    return roundRows(values, width, most);
  };
  return [
    { name, shape, dtype: "int8", read: () => rounded().bytes },
    { name: name + SCALE, shape: [rows], read: () => rounded().scales },
  ];
}
