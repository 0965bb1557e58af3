import { allocate } from "../engine/memory.js";
import { EngineError, ShapeError } from "../errors.js";
import { Parameter } from "../tensor/parameter.js";
import { scope, withKeeper } from "../tensor/scope.js";
import { type Tensor, tensor } from "../tensor/tensor.js";
import type { Gradients } from "./gradients.js";

/**
 * Computes an op's gradients: `dy` belongs to its outputs (undefined where nothing depends on one), `d` takes those of its
 * inputs.
 */
export type Backward = (dy: readonly (Tensor | undefined)[], d: OpGradients) => void;

/** Where an op's backward puts the gradient of input `i`. */
export interface OpGradients {
  /** Whether anybody wants the gradient of input `i`. */
  needs(i: number): boolean;
  /** Hands it over as a tensor. `shared`: its memory is also read elsewhere, so nothing may be added into it. */
  give(i: number, dx: Tensor, shared?: boolean): void;
  /** Lets a kernel write it to a slot of the input's size, overwriting, or adding if `accumulate`. */
  write(i: number, kernel: (slot: number, accumulate: boolean) => void): void;
  /** Lets a kernel that can only add do so. */
  add(i: number, kernel: (slot: number) => void): void;
  /** @internal All gradients that are under way, for ops made of ops. */
  readonly all: Gradients;
}

/** An op that was run. */
export interface Node {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Tensors whose values `backward` and `rebuild` read. */
  readonly saved: readonly Tensor[];
  /** The gradients; a name if the op has none. */
  readonly backward: Backward | string;
  /** Writes the values of the only output again. */
  readonly rebuild?: ((y: Tensor) => void) | undefined;
}

/** What records the ops that are run. */
export interface Recorder {
  /** Whether `x` has a gradient: ops then keep what that needs. */
  tracks(x: Tensor): boolean;
  /** Records an op. */
  push(node: Node): void;
}

const hasGradient = (x: Tensor): boolean => x instanceof Parameter && x.gradientSlot !== 0;

/** Keeps nothing, and finds whether a parameter is read that has a gradient. */
export class Probe implements Recorder {
  found = false;

  tracks(): boolean {
    return false;
  }

  push({ inputs }: Node): void {
    this.found ||= inputs.some(hasGradient);
  }
}

/** What has been computed and how its gradients follow. */
export class Recording implements Recorder {
  private readonly nodes: Node[] = [];
  /** Tensors with a gradient. */
  private readonly tracked: Set<Tensor>;
  /** How many nodes still need a tensor's values. */
  private readonly needed = new Map<Tensor, number>();
  /** Tensors whose scope has ended: freed here when no node needs them. */
  private readonly orphans = new Set<Tensor>();
  /** Nodes that can make their output again, so that its memory need not be held until then. */
  private readonly makers = new Map<Tensor, Node>();
  private readonly outer: Recording | undefined;

  /** `inputs` have gradients; `outer` is the recording that this one is a part of. */
  constructor(inputs: readonly Tensor[], outer?: Recording) {
    this.tracked = new Set(inputs);
    this.outer = outer;
  }

  /** Whether `x` has a gradient. */
  tracks(x: Tensor): boolean {
    if (this.tracked.has(x) || hasGradient(x)) return true;
    if (!this.outer?.tracks(x)) return false;
    throw new EngineError("checkpoint: the body reads a tensor with a gradient that is not among its inputs");
  }

  /** Notes an op if gradients run through it; `always` if it cannot be known. */
  push(node: Node, always = false): void {
    if (!always && !node.inputs.some((input) => this.tracks(input))) return;
    this.nodes.push(node);
    for (const y of node.outputs) {
      this.tracked.add(y);
      if (node.rebuild) this.makers.set(y, node);
    }
    for (const x of node.saved) this.needed.set(x, (this.needed.get(x) ?? 0) + 1);
  }

  /** The keeper of scopes that end while this records: what can be made again is not kept. */
  readonly keeps = (x: Tensor): boolean => {
    if (!this.needed.has(x)) return false;
    if (this.makers.has(x)) x.free();
    this.orphans.add(x);
    return true;
  };

  /** Gathers the gradients of `loss`, one number. */
  backward(loss: Tensor, gradients: Gradients): void {
    if (loss.size !== 1) throw new ShapeError("backward: loss", [...loss.shape], "one number");
    if (!this.tracked.has(loss)) throw new EngineError("backward: the loss depends on nothing that has a gradient");
    gradients.give(loss, tensor([1], loss.shape));
    this.walk(gradients);
  }

  /** Turns the gradients of outputs, which are in `gradients`, to those of inputs. */
  walk(gradients: Gradients): void {
    for (let node = this.nodes.pop(); node; node = this.nodes.pop()) this.step(node, gradients);
  }

  private step(node: Node, gradients: Gradients): void {
    const dy = node.outputs.map((y) => gradients.take(y));
    if (dy.some((d) => d)) {
      if (typeof node.backward === "string") throw new EngineError(`${node.backward} has no gradient`);
      const { inputs, backward } = node;
      const sink: OpGradients = {
        needs: (i) => this.tracks(inputs[i]!),
        give: (i, dx, shared) => this.tracks(inputs[i]!) && gradients.give(inputs[i]!, dx, shared),
        write: (i, kernel) => this.tracks(inputs[i]!) && gradients.write(inputs[i]!, kernel),
        add: (i, kernel) => this.tracks(inputs[i]!) && gradients.add(inputs[i]!, kernel),
        all: gradients,
      };
      for (const x of node.saved) this.revive(x);
      withKeeper(gradients.keeps, () => scope(() => backward(dy, sink)));
      for (const d of dy) if (d) gradients.release(d);
    }
    for (const x of node.saved) this.letGo(x);
  }

  /** Makes a tensor again that was not kept. */
  private revive(x: Tensor): void {
    const maker = x.slot === 0 ? this.makers.get(x) : undefined;
    if (!maker) return;
    for (const source of maker.saved) this.revive(source);
    x.slot = allocate(x.size, "a tensor made again", x.shape);
    maker.rebuild!(x);
  }

  private letGo(x: Tensor): void {
    const left = this.needed.get(x)! - 1;
    if (left > 0) this.needed.set(x, left);
    else this.needed.delete(x);
    if (left === 0 && this.orphans.delete(x)) x.free();
  }

  /** Frees what backward did not get to. */
  end(): void {
    for (const x of this.orphans) x.free();
    this.orphans.clear();
  }
}
