import { EngineError, ShapeError } from "../errors.js";
import { Parameter } from "../tensor/parameter.js";
import { scope, withKeeper } from "../tensor/scope.js";
import { type Tensor, tensor } from "../tensor/tensor.js";
import { Gradients } from "./gradients.js";

/** Computes an op's gradients: `dy` belongs to its outputs (undefined where nothing depends on one), `d` takes those of its inputs. */
export type Backward = (dy: readonly (Tensor | undefined)[], d: OpGradients) => void;

/** Where an op's backward puts the gradient of input `i`. */
export interface OpGradients {
  /** Whether anybody wants it. */
  needs(i: number): boolean;
  /** Hands it over as a tensor. `shared`: its memory is also read elsewhere, so nothing may be added into it. */
  give(i: number, dx: Tensor, shared?: boolean): void;
  /** Lets a kernel write it to a slot, overwriting, or adding if `accumulate`. */
  write(i: number, kernel: (slot: number, accumulate: boolean) => void): void;
  /** Lets a kernel that can only add do so. */
  add(i: number, kernel: (slot: number) => void): void;
}

interface Node {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
  readonly backward: Backward | string;
}

/** What has been computed and how its gradients follow. */
class Tape {
  private readonly nodes: Node[] = [];
  /** Tensors with a gradient. */
  private readonly tracked = new Set<Tensor>();
  /** How many nodes still need a tensor's values. */
  private readonly needed = new Map<Tensor, number>();
  /** Tensors whose scope has ended: freed here when no node needs them. */
  private readonly orphans = new Set<Tensor>();

  constructor(inputs: readonly Tensor[]) {
    for (const input of inputs) this.tracked.add(input);
  }

  tracks(x: Tensor): boolean {
    return this.tracked.has(x) || (x instanceof Parameter && x.gradientSlot !== 0);
  }

  push(node: Node): void {
    if (!node.inputs.some((input) => this.tracks(input))) return;
    this.nodes.push(node);
    for (const y of node.outputs) this.tracked.add(y);
    for (const x of node.saved) this.needed.set(x, (this.needed.get(x) ?? 0) + 1);
  }

  /** The keeper of scopes that end while this tape records. */
  readonly keeps = (x: Tensor): boolean => {
    if (!this.needed.has(x)) return false;
    this.orphans.add(x);
    return true;
  };

  backward(loss: Tensor, gradients: Gradients): void {
    if (loss.size !== 1) throw new ShapeError("backward: loss", [...loss.shape], "one number");
    if (!this.tracked.has(loss)) throw new EngineError("backward: the loss depends on nothing that has a gradient");
    gradients.give(loss, tensor([1], loss.shape));
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
      };
      withKeeper(gradients.keeps, () => scope(() => backward(dy, sink)));
      for (const d of dy) if (d) gradients.release(d);
    }
    for (const x of node.saved) this.letGo(x);
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

let current: Tape | undefined;

/**
 * Notes how the gradients of `outputs` follow. `saved` are the tensors whose values `backward` reads: they outlive their
 * scope, and nothing else does. Returns `outputs`.
 */
export function record<T extends Tensor | readonly Tensor[]>(
  outputs: T,
  inputs: readonly Tensor[],
  saved: readonly Tensor[],
  backward: Backward,
): T {
  const list = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [outputs as Tensor];
  current?.push({ inputs, outputs: list, saved, backward });
  return outputs;
}

/** Notes that `y` came from `inputs` by the op `name`, which has no gradient: asking for it is an error, not a silent 0. */
export function nonDifferentiable(name: string, y: Tensor, inputs: readonly Tensor[]): Tensor {
  current?.push({ inputs, outputs: [y], saved: [], backward: name });
  return y;
}

/** Whether a tape records that `x` has a gradient: ops save what backward needs only then. */
export const isTracked = (...x: readonly Tensor[]): boolean => x.some((one) => current?.tracks(one));

/** Runs `body` without recording. */
export function noGrad<T>(body: () => T): T {
  const outer = current;
  current = undefined;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/**
 * Computes a scalar `loss` and its gradients. Those of parameters are added to their flat buffer; those of `inputs` are
 * returned in their order (undefined where the loss does not depend on one) and belong to the scope around.
 */
export function valueAndGradients(
  loss: () => Tensor,
  inputs: readonly Tensor[] = [],
): { loss: number; gradients: (Tensor | undefined)[] } {
  if (current)
    throw new EngineError("valueAndGradients: a tape is recording; gradients of gradients are not supported");
  const tape = new Tape(inputs);
  const gradients = new Gradients();
  return scope(() => {
    try {
      current = tape;
      const value = withKeeper(tape.keeps, () => scope(loss));
      current = undefined;
      const number = value.item();
      tape.backward(value, gradients);
      return { loss: number, gradients: inputs.map((input) => gradients.take(input)) };
    } finally {
      current = undefined;
      gradients.end();
      tape.end();
    }
  });
}
