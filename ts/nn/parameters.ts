import { engine } from "../engine/engine.js";
import { allocate } from "../engine/memory.js";
import { CheckpointError, ConfigError, EngineError } from "../errors.js";
import type { ParameterBuffers, Place } from "../optim/optimizer.js";
import { checkOptions, type Names } from "../options.js";
import { seedWords } from "../random/philox.js";
import { JoinedParameter, Parameter } from "../tensor/parameter.js";
import { sizeOf } from "../tensor/tensor.js";
import { align, alignDown, GradientBuffer, type Placed } from "./gradientBuffer.js";
import { type Draw, fillFresh, type Init } from "./inits.js";
import type { LinearModule } from "./linearModule.js";

interface Declared extends Placed {
  readonly init: Init;
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
  private readonly joins: Placed[] = [];
  /** What is saved and never trained, each in memory of its own. */
  private readonly untrained: { readonly parameter: Parameter; readonly draw: Draw }[] = [];
  /** The names of all that is saved. */
  /** Whether {@link extend} declares, behind memory that is made. */
  private isExtending = false;
  readonly names = new Set<string>();
  /** The linear layers, by the names that files have for them. */
  readonly linears = new Map<string, LinearModule>();
  private length = 0;
  private dropouts = 0;
  /** Slot of all values, one after the other. */
  values = 0;
  /** Whether matrices are kept as int8. */
  isInt8 = false;
  private gradientBuffer: GradientBuffer | undefined;
  /** Optimizers that live. */
  private holders = 0;
  /** Whether there was an optimizer: the values are then no longer those of a file. */
  wasHeld = false;

  /** The named parameters, in the order of their declaration. */
  get parameters(): readonly Parameter[] {
    return this.declared.map(({ parameter }) => parameter);
  }

  /** What training changes: the parameters that are not frozen, and the buffers, which may be drawn again. */
  get changing(): readonly Parameter[] {
    const trained = this.parameters.filter(({ requiresGrad }) => requiresGrad);
    return [...trained, ...this.untrained.map(({ parameter }) => parameter)];
  }

  /** The parameters, and the buffers: all that a file holds. */
  get saved(): readonly Parameter[] {
    return [...this.parameters, ...this.untrained.map(({ parameter }) => parameter)];
  }

  /** Whether a name is that of a buffer. */
  isBuffer(name: string): boolean {
    return this.untrained.some(({ parameter }) => parameter.name === name);
  }

  /** Slot of all gradients; 0 until {@link requireGradients}. */
  get gradients(): number {
    return this.gradientBuffer?.slot ?? 0;
  }

  /** Numbers in {@link gradients}, gaps included. */
  get gradientSize(): number {
    return this.gradientBuffer?.size ?? 0;
  }

  /** Where each parameter that is not frozen lies, in the order of declaration; none until {@link requireGradients}. */
  trained(): Place[] {
    return [...(this.gradientBuffer?.places ?? [])];
  }

  /**
   * Freezes the parameters whose names `frozen` takes, and thaws all others. A frozen parameter has no gradient, no optimizer
   * changes it, and what its gradient alone would need is neither kept nor computed. Gradients that are there are lost if
   * anything changes. Errors, which change nothing: ConfigError where nothing would be left to train, EngineError while an
   * optimizer lives.
   *
   * @example
   * ```ts
   * model.store.freeze((name) => !name.startsWith("classifier"));
   * ```
   */
  freeze(frozen: (name: string) => boolean): void {
    const trained = this.parameters.map(({ name }) => !frozen(name));
    if (!trained.includes(true))
      throw new ConfigError(`freeze: all ${trained.length} parameters are frozen, so there is nothing to train`);
    if (this.parameters.every(({ requiresGrad }, i) => requiresGrad === trained[i])) return;
    this.refuseHeld("freeze");
    this.freeGradients();
    for (const [i, parameter] of this.parameters.entries()) parameter.requiresGrad = trained[i]!;
  }

  /** Notes an optimizer: until the function that this gives is called, nothing can be frozen or thawed. */
  hold(): () => void {
    this.holders++;
    this.wasHeld = true;
    return () => {
      this.holders--;
    };
  }

  /** Errors: EngineError, which begins with `what`, while an optimizer lives. */
  refuseHeld(what: string): void {
    if (this.holders > 0)
      throw new EngineError(
        `${what}: an optimizer of the model lives, for what was trained when it was made: free it first`,
      );
  }

  /**
   * Declares one parameter; `packable`: only products read it, so that it may be kept in their order. Errors: CheckpointError
   * for a name that is declared already, EngineError after {@link allocate}.
   */
  declare(name: string, shape: readonly number[], init: Init, packable = false): Parameter {
    this.length = align(this.length);
    return this.place(name, shape, init, packable);
  }

  /** Declares neighbours of one shape, and returns them as one tensor `[names, …shape]`. Errors: as {@link declare}. */
  declareJoined(names: readonly string[], shape: readonly number[], init: Init): JoinedParameter {
    this.length = align(this.length);
    const offset = this.length;
    const parameter = new JoinedParameter(names.map((name) => this.place(name, shape, init, true)));
    this.joins.push({ parameter, offset });
    return parameter;
  }

  /**
   * Adds the parameters that `declare` declares, without values yet, behind those that are there: these move to memory with room for
   * all, and keep their values. Gradients are lost. Errors, which change nothing: those of `declare`; ConfigError for int8 weights;
   * EngineError while an optimizer lives, or where there is no memory.
   */
  extend(declare: () => void): void {
    if (this.isInt8) throw new ConfigError("int8 weights cannot be trained: load the model without int8");
    this.refuseHeld("extend");
    const [declared, length] = [this.declared.length, this.length];
    this.isExtending = true;
    try {
      declare();
      if (this.values !== 0) this.move(length);
    } catch (error) {
      for (const { parameter } of this.declared.splice(declared)) this.names.delete(parameter.name);
      this.length = length;
      throw error;
    } finally {
      this.isExtending = false;
    }
  }

  /** Moves the values, `length` numbers until now, to memory for all that is declared. */
  private move(length: number): void {
    const older = this.values;
    const values = allocate(this.length, "the parameters", [this.length]);
    engine().fill(values, 0);
    const kept = engine().window(values, 0, length);
    engine().copy(kept, older);
    engine().free(kept);
    this.freeGradients();
    for (const { parameter, offset } of [...this.declared, ...this.joins]) {
      parameter.free();
      parameter.slot = engine().window(values, offset, parameter.size);
    }
    engine().free(older);
    this.values = values;
  }

  /** Takes parameters away, which no layer may use from then on. Gradients are lost. Errors: EngineError while an optimizer lives. */
  withdraw(names: ReadonlySet<string>): void {
    this.refuseHeld("withdraw");
    this.freeGradients();
    for (const [i, { parameter }] of [...this.declared.entries()].reverse()) {
      if (!names.has(parameter.name)) continue;
      parameter.free();
      this.names.delete(parameter.name);
      this.declared.splice(i, 1);
    }
  }

  /** Declares a tensor that is saved but never trained. Errors: as {@link declare}. */
  declareBuffer(name: string, shape: readonly number[], draw: Draw): Parameter {
    this.take(name);
    const parameter = new Parameter(name, shape);
    this.untrained.push({ parameter, draw });
    return parameter;
  }

  private refuseAllocated(where: string): void {
    if (this.values !== 0 && !this.isExtending)
      throw new EngineError(`${where}: the memory of the parameters is made already`);
  }

  private take(name: string): void {
    this.refuseAllocated(`parameter ${name}`);
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
   * memory of its own, and cannot be trained. Errors: EngineError where there is no memory, or where it is made
   * already.
   */
  allocate(options: AllocateOptions = {}): void {
    checkOptions("allocate", options, ALLOCATE);
    this.refuseAllocated("allocate");
    const { int8 = false } = options;
    this.isInt8 = int8;
    const apart = (parameter: Parameter) => int8 && parameter.packable;
    // What stands apart leaves its place to those behind it, who stay on cache lines.
    let saved = 0;
    const places = new Map<number, number>();
    for (const { parameter, offset } of this.declared) {
      places.set(offset, offset - alignDown(saved));
      if (apart(parameter)) saved += parameter.size;
    }
    const words = this.length - alignDown(saved);
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
    seedWords(seed); // refuses a wrong one before anything changes
    if (!only) this.drawBuffers(seed);
    for (const [index, { parameter, init }] of this.declared.entries()) {
      if (only && !only(parameter.name)) continue;
      parameter.unpack();
      fillFresh(parameter, init, seed, index);
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
   * Makes memory for the gradients of what is not frozen, if there is none yet. Errors: ConfigError for int8 weights, EngineError
   * where there is no memory, or for a model that is closed.
   */
  requireGradients(): void {
    if (this.gradientBuffer) return;
    if (this.values === 0)
      throw new EngineError("the parameters have no memory: they were freed, or never allocated", { reason: "closed" });
    if (this.isInt8) throw new ConfigError("a model with int8 weights cannot be trained: load it without int8");
    for (const { parameter } of this.declared) parameter.unpack();
    const parts = new Set(this.joins.flatMap(({ parameter }) => (parameter as JoinedParameter).parts));
    const alone = this.declared.filter(({ parameter }) => !parts.has(parameter));
    this.gradientBuffer = new GradientBuffer([...alone, ...this.joins].sort((a, b) => a.offset - b.offset));
  }

  /** Sets every gradient to 0. */
  zeroGradients(): void {
    this.gradientBuffer?.clear();
  }

  private freeGradients(): void {
    this.gradientBuffer?.free();
    this.gradientBuffer = undefined;
  }

  /** Gives all memory back. */
  free(): void {
    this.freeGradients();
    for (const { parameter } of [...this.declared, ...this.joins, ...this.untrained]) parameter.free();
    if (this.values !== 0) engine().free(this.values);
    this.values = 0;
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

  /** A tensor of any beginning; `packable`: only products read it. */
  fresh(name: string, shape: readonly number[], init: Init, packable = false): Parameter {
    return this.store.declare(this.prefix + name, shape, init, packable);
  }

  /** Notes a linear layer, `name` below the scope, whose matrix and bias are declared: adapters may be added to it. */
  linear(name: string, weight: Parameter, bias: Parameter | undefined, parts = 1): LinearModule {
    const module = { name: (this.prefix + name).replace(/\.$/, ""), weight, bias, parts };
    this.store.linears.set(module.name, module);
    return module;
  }

  /** The `weight`s of several parts, each of `shape`, as one tensor `[parts, …shape]`. */
  joinedWeights(parts: readonly string[], shape: readonly number[]): JoinedParameter {
    return this.store.declareJoined(
      parts.map((part) => `${this.prefix}${part}.weight`),
      shape,
      this.normal(),
    );
  }

  /** The `bias`es of several parts, each of `shape`, as one tensor `[parts, …shape]`. */
  joinedBiases(parts: readonly string[], shape: readonly number[]): JoinedParameter {
    const names = parts.map((part) => `${this.prefix}${part}.bias`);
    return this.store.declareJoined(names, shape, { kind: "constant", value: 0 });
  }

  private normal(zeroRow?: number): Init {
    return { kind: "normal", std: this.std, ...(zeroRow === undefined ? {} : { zeroRow }) };
  }
}
