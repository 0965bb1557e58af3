import { engine, running } from "../engine/engine.js";
import { allocate } from "../engine/memory.js";
import type { Parameter } from "../tensor/parameter.js";
import type { Adapter } from "./linearModule.js";

/** Adds an adapter's product to the matrix of its layer: W + scale · B A. */
export function mergeInto(weight: Parameter, adapter: Adapter): void {
  weight.unpack();
  withSum(weight, adapter, (sum) => engine().copy(weight.slot, sum));
}

/** The values of W + scale · B A, row-major. */
export function readMerged(weight: Parameter, adapter: Adapter): Float32Array {
  weight.unpack();
  return withSum(weight, adapter, (sum) => running().read(sum, weight.size));
}

/** Calls `use` with the slot of W + scale · B A. */
function withSum<T>(weight: Parameter, { a, b, scale }: Adapter, use: (sum: number) => T): T {
  const [outputs, inputs] = weight.shape as [number, number];
  for (const one of [a, b]) one.unpack();
  const room = () => allocate(weight.size, weight.name, weight.shape);
  const sum = room();
  try {
    const product = room();
    try {
      engine().matmul(product, b.slot, a.slot, outputs, inputs, a.shape[0]!, false, false, false);
      engine().copy(sum, weight.slot);
      engine().add_scaled(sum, product, scale);
    } finally {
      engine().free(product);
    }
    return use(sum);
  } finally {
    engine().free(sum);
  }
}
