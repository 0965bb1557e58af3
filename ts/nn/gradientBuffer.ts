import { engine } from "../engine/engine.js";
import { allocate } from "../engine/memory.js";
import type { Place } from "../optim/optimizer.js";
import { JoinedParameter, type Parameter } from "../tensor/parameter.js";

/** Parameters begin on cache lines, so that a kernel's loads do not straddle two. */
const ALIGNMENT = 16;

/** The next place where a parameter may begin, in numbers. */
export const align = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/** The last one before, or there. */
export const alignDown = (size: number): number => Math.floor(size / ALIGNMENT) * ALIGNMENT;

/** A parameter, and its first number among the values of its store. */
export interface Placed {
  readonly parameter: Parameter;
  readonly offset: number;
}

/**
 * The gradients of a store's parameters as windows of one flat buffer, which has room for what is trained alone. Where nothing
 * is frozen, its layout is that of the values. Neighbors that one product reads together have room together: for all, if one
 * of them is trained.
 */
export class GradientBuffer {
  /** Slot of all gradients. */
  readonly slot: number;
  /** Numbers, gaps included. */
  readonly size: number;
  /** Where each trained parameter lies. */
  readonly places: readonly Place[];
  private readonly parameters: readonly Parameter[];

  /** Makes memory, zeroed, for those of `placed` that are not frozen; joined ones stand for their parts. Errors: EngineError. */
  constructor(placed: readonly Placed[]) {
    const places: Place[] = [];
    const windows: [parameter: Parameter, start: number][] = [];
    let size = 0;
    for (const { parameter, offset } of placed) {
      const isJoined = parameter instanceof JoinedParameter;
      const parts = isJoined ? parameter.parts : [parameter];
      if (!parts.some(({ requiresGrad }) => requiresGrad)) continue;
      const start = align(size);
      size = start + parameter.size;
      if (isJoined) windows.push([parameter, start]);
      for (const [i, part] of parts.entries()) {
        if (!part.requiresGrad) continue;
        const { name, shape, size: length } = part;
        const [at, gradientOffset] = [offset + i * length, start + i * length];
        places.push({ name, shape, offset: at, gradientOffset, length });
        windows.push([part, gradientOffset]);
      }
    }
    [this.size, this.places] = [size, places];
    this.slot = allocate(size, "the gradients", [size]);
    this.clear();
    for (const [parameter, start] of windows)
      parameter.gradientSlot = engine().window(this.slot, start, parameter.size);
    this.parameters = windows.map(([parameter]) => parameter);
  }

  /** Sets every gradient to 0. */
  clear(): void {
    engine().fill(this.slot, 0);
  }

  /** Gives the memory back: the parameters have no gradients then. */
  free(): void {
    for (const parameter of this.parameters) {
      engine().free(parameter.gradientSlot);
      parameter.gradientSlot = 0;
    }
    engine().free(this.slot);
  }
}
