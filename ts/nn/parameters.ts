import { engine } from "../engine/engine.js";
import { allocate } from "../engine/memory.js";
import { CheckpointError, ConfigError } from "../errors.js";
import type { ParameterBuffers, Place } from "../optim/optimizer.js";
import { checkOptions, type Names } from "../options.js";
import { seedWords } from "../random/philox.js";
import { streams } from "../random/streams.js";
import { JoinedParameter, Parameter } from "../tensor/parameter.js";
import { sizeOf } from "../tensor/tensor.js";

/** How fresh values are made. */
export type Init = ConstantInit | NormalInit;

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

/** Fresh values of a buffer, row-major, which follow from a seed and the buffer's number. */
export type Draw = (seed: number, index: number) => Float32Array;

/** Parameters begin on cache lines, so that a kernel's loads do not straddle two. */
const ALIGNMENT = 16;

interface Declared {
  readonly parameter: Parameter;
  readonly init: Init;
  readonly offset: number;
}

/** Settings of {@link ParameterStore.allocate}. */
export interface AllocateOptions {
  /**
   * Whether matrices that only products read are kept as int8.
   * @default false
   */
  readonly int8?: boolean | undefined;
}

const ALLOCATE: Names<AllocateOptions> = { int8: true };

/**
 * All parameters of a model as windows of one flat buffer, with a second of the same layout for gradients: optimiser,
 * clipping and saving are one loop each. Layers declare parameters; then memory is made for all.
 */
export class ParameterStore implements ParameterBuffers {
  private readonly declared: Declared[] = [];
  /** Several neighbours under one shape: read by kernels, never named in files. */
  private readonly joins: { readonly parameter: Parameter; readonly offset: number }[] = [];
  /** What is saved and never trained, each in memory of its own. */
  private readonly untrained: { readonly parameter: Parameter; readonly draw: Draw }[] = [];
  private readonly names = new Set<string>();
  private length = 0;
  private dropouts = 0;
  /** Slot of all values, one after the other. */
  values = 0;
  /** Whether matrices are kept as int8. */
  isInt8 = false;
  /** Slot of all gradients; 0 until {@link requireGradients}. */
  gradients = 0;

  /** The named parameters, in the order of their declaration. */
  get parameters(): readonly Parameter[] {
    return this.declared.map(({ parameter }) => parameter);
  }

  /** The parameters, and the buffers: all that a file holds. */
  get saved(): readonly Parameter[] {
    return [...this.parameters, ...this.untrained.map(({ parameter }) => parameter)];
  }

  /** Numbers in the flat buffers, gaps included. */
  get size(): number {
    return this.length;
  }

  /** Where each parameter lies in the flat buffers. */
  layout(): Place[] {
    return this.declared.map(({ parameter, offset }) => ({ name: parameter.name, offset, length: parameter.size }));
  }

  /**
   * Declares one parameter; `packable`: only products read it, so that it may be kept in their order. Errors: CheckpointError
   * for a name that is declared already.
   */
  declare(name: string, shape: readonly number[], init: Init, packable = false): Parameter {
    this.length = Math.ceil(this.length / ALIGNMENT) * ALIGNMENT;
    return this.place(name, shape, init, packable);
  }

  /** Declares neighbours of one shape, and returns them as one tensor `[names, …shape]`. Errors: as {@link declare}. */
  declareJoined(names: readonly string[], shape: readonly number[], init: Init): Parameter {
    this.length = Math.ceil(this.length / ALIGNMENT) * ALIGNMENT;
    const offset = this.length;
    const parameter = new JoinedParameter(names.map((name) => this.place(name, shape, init, true)));
    this.joins.push({ parameter, offset });
    return parameter;
  }

  /** Declares a tensor that is saved but never trained. Errors: as {@link declare}. */
  declareBuffer(name: string, shape: readonly number[], draw: Draw): Parameter {
    this.take(name);
    const parameter = new Parameter(name, shape);
    this.untrained.push({ parameter, draw });
    return parameter;
  }

  private take(name: string): void {
    if (this.names.has(name)) throw new CheckpointError(`parameter ${name} is declared twice`);
    this.names.add(name);
  }

  private place(name: string, shape: readonly number[], init: Init, packable: boolean): Parameter {
    this.take(name);
    const parameter = new Parameter(name, shape, packable);
    this.declared.push({ parameter, init, offset: this.length });
    this.length += sizeOf(shape);
    return parameter;
  }

  /** The number of the next dropout: they are numbered from 0 as layers are built. */
  nextDropoutSite(): number {
    return this.dropouts++;
  }

  /**
   * Makes the memory, zeroed, after the last declaration. `int8`: matrices that only products read are kept as int8, each in
   * memory of its own, and can be neither trained nor saved. Errors: EngineError where there is no memory.
   */
  allocate(options: AllocateOptions = {}): void {
    checkOptions("allocate", options, ALLOCATE);
    const { int8 = false } = options;
    this.isInt8 = int8;
    const apart = (parameter: Parameter) => int8 && parameter.packable;
    // What stands apart leaves its place to those behind it, who stay on cache lines.
    let saved = 0;
    const places = new Map<number, number>();
    for (const { parameter, offset } of this.declared) {
      places.set(offset, offset - Math.floor(saved / ALIGNMENT) * ALIGNMENT);
      if (apart(parameter)) saved += parameter.size;
    }
    const words = this.length - Math.floor(saved / ALIGNMENT) * ALIGNMENT;
    this.values = allocate(words, "the parameters", [words]);
    engine().fill(this.values, 0);
    for (const { parameter } of this.untrained)
      parameter.slot = allocate(parameter.size, parameter.name, parameter.shape);
    for (const { parameter, offset } of [...this.declared, ...this.joins]) {
      if (apart(parameter)) parameter.allocateInt8();
      else if (!(parameter instanceof JoinedParameter && parameter.parts.some(apart))) {
        parameter.slot = engine().window(this.values, places.get(offset)!, parameter.size);
      }
    }
  }

  /**
   * Fills every parameter with fresh values, which follow from `seed` alone, a whole number of at most 53 bits, else a
   * ConfigError. With `only`, no more than the parameters whose names it takes.
   */
  initialise(seed: number, only?: (name: string) => boolean): void {
    const [low, high] = seedWords(seed);
    if (!only) this.drawBuffers(seed);
    for (const [index, { parameter, init }] of this.declared.entries()) {
      if (only && !only(parameter.name)) continue;
      parameter.unpack();
      if (init.kind === "constant") {
        engine().fill(parameter.slot, init.value);
        continue;
      }
      engine().random_normal(parameter.slot, init.std, low, high, streams.initialisation, index);
      if (init.zeroRow === undefined) continue;
      const width = parameter.shape.at(-1)!;
      const row = engine().window(parameter.slot, init.zeroRow * width, width);
      engine().fill(row, 0);
      engine().free(row);
    }
  }

  /** Fills every buffer with fresh values, which follow from `seed` and from how often that was done before. */
  drawBuffers(seed: number, times = 0): void {
    for (const [i, { parameter, draw }] of this.untrained.entries())
      parameter.write(draw(seed, times * this.untrained.length + i));
  }

  /** Packs the matrices for inference, unless they are trained. */
  pack(): void {
    if (this.gradients !== 0) return;
    for (const { parameter } of this.declared) parameter.pack();
  }

  /**
   * Makes memory for gradients, if there is none yet. Errors: ConfigError for int8 weights, EngineError where there is no
   * memory.
   */
  requireGradients(): void {
    if (this.gradients !== 0) return;
    if (this.isInt8) throw new ConfigError("a model with int8 weights cannot be trained: load it without int8");
    for (const { parameter } of this.declared) parameter.unpack();
    this.gradients = allocate(this.length, "the gradients", [this.length]);
    this.zeroGradients();
    for (const { parameter, offset } of [...this.declared, ...this.joins]) {
      parameter.gradientSlot = engine().window(this.gradients, offset, parameter.size);
    }
  }

  /** Sets every gradient to 0. */
  zeroGradients(): void {
    if (this.gradients !== 0) engine().fill(this.gradients, 0);
  }

  /** Gives all memory back. */
  free(): void {
    for (const { parameter } of [...this.declared, ...this.joins, ...this.untrained]) {
      if (parameter.gradientSlot !== 0) engine().free(parameter.gradientSlot);
      parameter.gradientSlot = 0;
      parameter.free();
    }
    for (const slot of [this.values, this.gradients]) if (slot !== 0) engine().free(slot);
    [this.values, this.gradients] = [0, 0];
  }
}

/** Where layers declare their parameters: a prefix of names, and the spread of fresh weights. */
export class ParameterScope {
  /** What holds the parameters. */
  readonly store: ParameterStore;
  private readonly prefix: string;
  private readonly std: number;

  /** `std`: standard deviation of fresh weights; `prefix`: what all names begin with. */
  constructor(store: ParameterStore, std: number, prefix = "") {
    this.store = store;
    this.std = std;
    this.prefix = prefix;
  }

  /** The scope of a part: its names begin with `name.`. */
  at(name: string): ParameterScope {
    return new ParameterScope(this.store, this.std, name === "" ? this.prefix : `${this.prefix}${name}.`);
  }

  /** A matrix or vector with normal values; 0 in the row `zeroRow` (an embedding's padding row). */
  weight(name: string, shape: readonly number[], zeroRow?: number): Parameter {
    return this.store.declare(this.prefix + name, shape, this.normal(zeroRow));
  }

  /** A matrix `[outputs, inputs]` that only products read. */
  matrix(name: string, shape: readonly [outputs: number, inputs: number]): Parameter {
    return this.store.declare(this.prefix + name, shape, this.normal(), true);
  }

  /** A tensor that is saved but never trained, with the values of `draw`. */
  buffer(name: string, shape: readonly number[], draw: Draw): Parameter {
    return this.store.declareBuffer(this.prefix + name, shape, draw);
  }

  /** A vector that begins as a constant. */
  constant(name: string, shape: readonly number[], value: number): Parameter {
    return this.store.declare(this.prefix + name, shape, { kind: "constant", value });
  }

  /** The `weight`s of several parts, each of `shape`, as one tensor `[parts, …shape]`. */
  joinedWeights(parts: readonly string[], shape: readonly number[]): Parameter {
    return this.store.declareJoined(
      parts.map((part) => `${this.prefix}${part}.weight`),
      shape,
      this.normal(),
    );
  }

  /** The `bias`es of several parts, each of `shape`, as one tensor `[parts, …shape]`. */
  joinedBiases(parts: readonly string[], shape: readonly number[]): Parameter {
    const names = parts.map((part) => `${this.prefix}${part}.bias`);
    return this.store.declareJoined(names, shape, { kind: "constant", value: 0 });
  }

  private normal(zeroRow?: number): Init {
    return { kind: "normal", std: this.std, ...(zeroRow === undefined ? {} : { zeroRow }) };
  }
}
