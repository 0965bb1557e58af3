import { ConfigError } from "../../errors.js";
import { type FeatureName, mapRows, type SentenceModule } from "./features.js";

/** Scales rows to length 1; 0 stays. */
export const normalize = (input: FeatureName, output: FeatureName): SentenceModule => ({
  name: "Normalize",
  apply(features) {
    const rows = features[input];
    if (rows) features[output] = mapRows(rows, unit);
  },
});

/** `vector` scaled to length 1; 0 stays. */
export function unit<T extends Float32Array | Float64Array>(vector: T): T {
  const length = Math.sqrt((vector as Float64Array).reduce((sum, x) => sum + x * x, 0));
  return (vector as Float64Array).map((x) => x / Math.max(length, 1e-12)) as T;
}

/** PyTorch's `LayerNorm` of a text's vector, with its default ε. */
export const layerNorm = (weight: Float32Array, bias: Float32Array, where: string): SentenceModule => ({
  name: "LayerNorm",
  needsVector: true,
  apply(features) {
    const rows = features.sentence_embedding!;
    if (rows.width !== weight.length)
      throw new ConfigError(`${where}: dimension is ${weight.length}, but the vectors have ${rows.width} numbers`);
    features.sentence_embedding = mapRows(rows, (x) => {
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
      return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[i]! + bias[i]!);
    });
  },
});
