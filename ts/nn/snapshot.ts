import { engine, running } from "../engine/engine.js";
import { allocate } from "../engine/memory.js";
import { CheckpointError } from "../errors.js";
import type { Parameter } from "../tensor/parameter.js";
import { totalSize } from "../tensor/tensor.js";

/** A second copy of some parameters' values, in the engine's memory. */
export class Snapshot {
  private readonly parameters: readonly Parameter[];
  private slot: number;

  /** Makes memory for the values, which {@link take} fills. Errors: EngineError where there is none. */
  constructor(parameters: readonly Parameter[]) {
    const size = totalSize(parameters);
    this.parameters = parameters;
    this.slot = allocate(size, "a copy of the parameters", [size]);
  }

  /** Copies the values as they are. */
  take(): void {
    this.each((parameter, copy) => engine().copy(copy, parameter.slot));
  }

  /** Makes those that were taken last the parameters' values. */
  restore(): void {
    this.each((parameter, copy) => engine().copy(parameter.slot, copy));
  }

  /** The values that were taken, each copied when it is read. */
  tensors(): { readonly name: string; readonly shape: readonly number[]; read(): Float32Array }[] {
    return this.parameters.map(({ name, shape, size }, i) => ({
      ...{ name, shape },
      read: () => this.read(this.offset(i), size),
    }));
  }

  /** Overwrites what was taken of one parameter. Errors: CheckpointError for a parameter without a copy, or another number of numbers. */
  write(name: string, numbers: Float32Array): void {
    const index = this.parameters.findIndex((parameter) => parameter.name === name);
    const expected = this.parameters[index]?.size;
    if (expected === undefined) throw new CheckpointError(`${name} is not a parameter that has a copy`);
    if (numbers.length !== expected)
      throw new CheckpointError(`${name} has ${numbers.length} numbers; expected ${expected}`);
    running().write(this.slot, numbers, this.offset(index));
  }

  private offset(index: number): number {
    return totalSize(this.parameters.slice(0, index));
  }

  private read(offset: number, size: number): Float32Array {
    const copy = engine().window(this.slot, offset, size);
    try {
      return running().read(copy, size);
    } finally {
      engine().free(copy);
    }
  }

  /** Moves the copy towards the values as they are: copy ← `decay` · copy + (1 − `decay`) · values. */
  average(decay: number): void {
    this.each((parameter, copy) => {
      const sum = this.scratch(parameter.size);
      engine().scale(sum, copy, decay);
      engine().add_scaled(sum, parameter.slot, 1 - decay);
      engine().copy(copy, sum);
      engine().free(sum);
    });
  }

  /** Makes the copy the parameters' values, and these the copy. */
  swap(): void {
    this.each((parameter, copy) => {
      const values = this.scratch(parameter.size);
      engine().copy(values, parameter.slot);
      engine().copy(parameter.slot, copy);
      engine().copy(copy, values);
      engine().free(values);
    });
  }

  private scratch(size: number): number {
    return allocate(size, "a copy of a parameter", [size]);
  }

  private each(use: (parameter: Parameter, copy: number) => void): void {
    let at = 0;
    for (const parameter of this.parameters) {
      parameter.unpack(); // products may have it in another order
      const copy = engine().window(this.slot, at, parameter.size);
      use(parameter, copy);
      engine().free(copy);
      at += parameter.size;
    }
  }

  /** Gives the copy's memory back. */
  free(): void {
    if (this.slot !== 0) engine().free(this.slot);
    this.slot = 0;
  }
}
