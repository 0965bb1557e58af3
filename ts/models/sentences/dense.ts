import { ConfigError } from "../../errors.js";
import type { Activation } from "./activations.js";
import { type FeatureName, mapRows, type SentenceModule } from "./features.js";

/** What a {@link dense} layer is made of. */
export interface DenseOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** `[outputs, inputs]`. */
  readonly weight: Float32Array;
  /** `[outputs]`. */
  readonly bias: Float32Array | undefined;
  readonly activation: Activation;
  /** The weight of the activation, if it has one. */
  readonly slope: number | undefined;
  /** What is added to the outputs: the inputs as they are (true), or times a weight, `[outputs, inputs]`. */
  readonly residual: true | Float32Array | undefined;
  readonly input: FeatureName;
  readonly output: FeatureName;
  /** The layer in messages. */
  readonly where: string;
}

/** `activation(W x + b)`, and with a residual that of x. */
export function dense(options: DenseOptions): SentenceModule {
  const { inputs, outputs, weight, bias, activation, slope, residual, input, output, where } = options;
  const layer = (x: Float64Array): Float64Array => {
    const y = activation(product(weight, x, outputs, bias), slope ?? 0);
    if (residual === undefined) return y;
    const more = residual === true ? x : product(residual, x, outputs);
    return y.map((value, i) => value + more[i]!);
  };
  return {
    name: "Dense",
    needsVector: input === "sentence_embedding",
    apply(features) {
      const rows = features[input]!;
      if (rows.width !== inputs)
        throw new ConfigError(`${where}: in_features is ${inputs}, but ${input} has ${rows.width} numbers`);
      features[output] = mapRows(rows, layer);
    },
  };
}

function product(weight: Float32Array, x: Float64Array, outputs: number, bias?: Float32Array): Float64Array {
  const y = new Float64Array(outputs);
  for (let o = 0, at = 0; o < outputs; o++) {
    let sum = bias?.[o] ?? 0;
    for (let i = 0; i < x.length; i++) sum += weight[at++]! * x[i]!;
    y[o] = sum;
  }
  return y;
}
