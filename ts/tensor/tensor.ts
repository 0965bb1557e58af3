import { engine, running } from "../engine/engine.js";
import { allocate } from "../engine/memory.js";
import { ShapeError } from "../errors.js";
import { track } from "./scope.js";

/** Product of a shape's dimensions. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Numbers of several tensors. */
export const totalSize = (tensors: readonly { readonly shape: readonly number[] }[]): number =>
  tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** A tensor's numbers, copied out of the engine. */
export interface TensorData {
  /** The numbers, row-major. */
  readonly data: Float32Array;
  /** Their dimensions. */
  readonly shape: readonly number[];
}

/** A row-major array of 32-bit numbers in the engine's memory. */
export class Tensor {
  /** The engine's number for the memory; a tensor that was freed has none. */
  slot: number;
  /** The dimensions; none is a single number. */
  readonly shape: readonly number[];

  /** A tensor of memory that the engine has given; {@link tensor}, {@link zeros} and {@link empty} ask for some. */
  constructor(slot: number, shape: readonly number[]) {
    this.slot = slot;
    this.shape = shape;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The dimensions, if there are as many as names, else a ShapeError; `where` says which tensor this is: "rope: x". */
  dims(where: string, ...names: string[]): number[] {
    if (this.shape.length !== names.length) throw new ShapeError(where, [...this.shape], `[${names.join(", ")}]`);
    return [...this.shape];
  }

  /** The numbers, copied, row-major. Errors: EngineError for a tensor that was freed. */
  read(): Float32Array {
    return running().read(this.slot, this.size);
  }

  /** The only number of a tensor of size 1. Errors: ShapeError for another size. */
  item(): number {
    if (this.size !== 1) throw new ShapeError("item", [...this.shape], "one number");
    return running().read(this.slot, 1)[0]!;
  }

  /** Overwrites the numbers, row-major. Errors: ShapeError for another number of them. */
  write(values: ArrayLike<number>): void {
    if (values.length !== this.size) throw new ShapeError("write: values", values.length, `${this.size} numbers`);
    running().write(this.slot, values);
  }

  /** Gives the memory back. Tensors made inside a `scope` need not be freed by hand. */
  free(): void {
    if (this.slot !== 0) engine().free(this.slot);
    this.slot = 0;
  }
}

/**
 * A tensor of f32 whose numbers are still to be written. Errors: ShapeError for dimensions that are no whole numbers,
 * EngineError where there is no memory for it; `what` names it there: "linear: y".
 */
export function empty(shape: readonly number[], what = "a tensor"): Tensor {
  if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new ShapeError(`${what}: shape`, [...shape], "whole numbers from 0");
  return track(new Tensor(allocate(sizeOf(shape), what, shape), shape));
}

/** A tensor of zeros. Errors: as {@link empty}. */
export function zeros(shape: readonly number[]): Tensor {
  const y = empty(shape);
  engine().fill(y.slot, 0);
  return y;
}

/**
 * A tensor of the given numbers as f32, row-major; `[values.length]` unless a shape is given. Errors: ShapeError if that has
 * another size.
 */
export function tensor(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor {
  if (values.length !== sizeOf(shape))
    throw new ShapeError("tensor: values", values.length, `${shape.join(" × ")} numbers`);
  const y = empty(shape);
  y.write(values);
  return y;
}

/** A tensor of 32-bit integers, `[values.length]`: ids, offsets, positions, labels. */
export function integers(values: Int32Array): Tensor {
  const y = empty([values.length]);
  running().writeIntegers(y.slot, values);
  return y;
}
