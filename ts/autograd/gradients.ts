import { engine } from "../engine/engine.js";
import { Parameter } from "../tensor/parameter.js";
import { track, untrack } from "../tensor/scope.js";
import { empty, type Tensor } from "../tensor/tensor.js";

interface Entry {
  value: Tensor;
  /** The memory is read elsewhere too: adding makes a copy first. */
  shared: boolean;
}

/** Gradients gathered during backward: parameters' in their own buffers, other tensors' here, until they are taken. */
export class Gradients {
  private readonly entries = new Map<Tensor, Entry>();
  /** How many entries or callers hold a gradient's tensor. */
  private readonly holders = new Map<Tensor, number>();

  /** Scopes that end leave gradients alone. */
  readonly keeps = (x: Tensor): boolean => this.holders.has(x);

  /** Adds `dx`, which was computed for it, to the gradient of `x`. */
  give(x: Tensor, dx: Tensor, shared = false): void {
    if (x instanceof Parameter) {
      engine().add_scaled(x.gradientSlot, dx.slot, 1);
      return;
    }
    const entry = this.entries.get(x);
    if (!entry) this.enter(x, dx, shared || this.holders.has(dx));
    else if (entry.shared) this.replace(x, entry, dx);
    else engine().add_scaled(entry.value.slot, dx.slot, 1);
  }

  /** Lets `kernel` write, or add to, the gradient of `x`. */
  write(x: Tensor, kernel: (slot: number, accumulate: boolean) => void): void {
    const entry = this.entries.get(x);
    if (x instanceof Parameter) kernel(x.gradientSlot, true);
    else if (entry && !entry.shared) kernel(entry.value.slot, true);
    else {
      const dx = empty(x.shape, "a gradient");
      kernel(dx.slot, false);
      this.give(x, dx);
    }
  }

  /** Lets `kernel` add to the gradient of `x`. */
  add(x: Tensor, kernel: (slot: number) => void): void {
    this.write(x, (slot, accumulate) => {
      if (!accumulate) engine().fill(slot, 0);
      kernel(slot);
    });
  }

  /** The gradient of `x`, which is the caller's now, to be released. */
  take(x: Tensor): Tensor | undefined {
    const entry = this.entries.get(x);
    this.entries.delete(x);
    if (entry) track(entry.value);
    return entry?.value;
  }

  /** Ends the hold on a gradient that was taken; it is freed unless something else holds it. */
  release(dx: Tensor): void {
    const left = this.holders.get(dx)! - 1;
    if (left > 0) {
      this.holders.set(dx, left);
      return;
    }
    this.holders.delete(dx);
    untrack(dx);
    dx.free();
  }

  /** The gradient of `x`, which belongs to the scope around from then on. */
  handOver(x: Tensor): Tensor | undefined {
    const dx = this.take(x);
    if (dx) this.holders.delete(dx);
    return dx;
  }

  /** Frees what nobody took, and what nobody released, as when backward fails. */
  end(): void {
    for (const dx of this.holders.keys()) dx.free();
    this.holders.clear();
    this.entries.clear();
  }

  private enter(x: Tensor, value: Tensor, shared: boolean): void {
    this.entries.set(x, { value, shared });
    this.holders.set(value, (this.holders.get(value) ?? 0) + 1);
    untrack(value);
  }

  private replace(x: Tensor, entry: Entry, dx: Tensor): void {
    const sum = empty(x.shape, "a gradient");
    engine().add(sum.slot, entry.value.slot, dx.slot);
    this.entries.delete(x);
    this.release(entry.value);
    this.enter(x, sum, false);
  }
}
