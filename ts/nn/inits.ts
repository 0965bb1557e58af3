import { engine } from "../engine/engine.js";
import { Philox, seedWords } from "../random/philox.js";
import { streams } from "../random/streams.js";
import type { Parameter } from "../tensor/parameter.js";

/** How fresh values are made. */
export type Init = ConstantInit | NormalInit | UniformInit;

/** Every value the same. */
export interface ConstantInit {
  /** The way's name. */
  readonly kind: "constant";
  /** The value. */
  readonly value: number;
}

/** Values of N(0, std²). */
export interface NormalInit {
  /** The way's name. */
  readonly kind: "normal";
  /** Their standard deviation. */
  readonly std: number;
  /** Row of a matrix that is 0 (an embedding's padding row). */
  readonly zeroRow?: number;
}

/** Values spread evenly from −bound to bound. */
export interface UniformInit {
  /** The way's name. */
  readonly kind: "uniform";
  /** The largest value. */
  readonly bound: number;
}

/** Fresh values of a buffer, row-major, which follow from a seed and the buffer's number. */
export type Draw = (seed: number, index: number) => Float32Array;

/** Fills a parameter, whose rows lie one after the other, with fresh values, which follow from `seed` and the parameter's number. */
export function fillFresh(parameter: Parameter, init: Init, seed: number, index: number): void {
  if (init.kind === "constant") {
    engine().fill(parameter.slot, init.value);
    return;
  }
  if (init.kind === "uniform") {
    const random = new Philox(seed, streams.initialisation, index);
    parameter.write(Float32Array.from({ length: parameter.size }, () => init.bound * (2 * random.uniform() - 1)));
    return;
  }
  const [low, high] = seedWords(seed);
  engine().random_normal(parameter.slot, init.std, low, high, streams.initialisation, index);
  if (init.zeroRow === undefined) return;
  const width = parameter.shape.at(-1)!;
  const row = engine().window(parameter.slot, init.zeroRow * width, width);
  engine().fill(row, 0);
  engine().free(row);
}
