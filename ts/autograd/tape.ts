import { EngineError } from "../errors.js";
import { scope, withKeeper } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { Gradients } from "./gradients.js";
import { type Backward, type Recorder, Recording } from "./recording.js";

export type { Backward, OpGradients } from "./recording.js";

let current: Recorder | undefined;

/** What records now, if anything does. */
export const recording = (): Recording | undefined => (current instanceof Recording ? current : undefined);

/**
 * Notes how the gradients of `outputs` follow. `saved` are the tensors whose values `backward` reads: they outlive their
 * scope, and nothing else does. Where making the only output again from `saved` costs little, `rebuild` does so, writing
 * the same numbers: its memory is then given back between its scope's end and the gradients that read it. Returns `outputs`.
 * Without a tape it does nothing.
 */
export function record<T extends Tensor | readonly Tensor[]>(
  outputs: T,
  inputs: readonly Tensor[],
  saved: readonly Tensor[],
  backward: Backward,
  rebuild?: (y: Tensor) => void,
): T {
  const list = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [outputs as Tensor];
  current?.push({ inputs, outputs: list, saved, backward, rebuild });
  return outputs;
}

/** Notes that `y` came from `inputs` by the op `name`, which has no gradient: asking for it is an error, not a silent 0. */
export function nonDifferentiable(name: string, y: Tensor, inputs: readonly Tensor[]): Tensor {
  current?.push({ inputs, outputs: [y], saved: [], backward: name });
  return y;
}

/** Whether a tape records that `x` has a gradient: ops save what backward needs only then. */
export const isTracked = (...x: readonly Tensor[]): boolean => x.some((one) => current?.tracks(one));

/** Runs `body` without recording, and gives what it gives. */
export const noGrad = <T>(body: () => T): T => recordInto(undefined, body);

/** Runs `body` while `into` records, instead of what recorded before. */
export function recordInto<T>(into: Recorder | undefined, body: () => T): T {
  const outer = current;
  current = into;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** A loss and its gradients. */
export interface ValueAndGradients {
  /** The loss. */
  loss: number;
  /** The gradient of each input, in its shape; undefined where the loss does not depend on it. */
  gradients: (Tensor | undefined)[];
}

/**
 * Computes a scalar `loss` and its gradients. Those of parameters are added to their flat buffer; those of `inputs` are
 * returned in their order and belong to the scope around. Errors: EngineError while a tape records already, for a loss that
 * depends on nothing with a gradient, or on an op without one; ShapeError for a loss that is not one number.
 */
export function valueAndGradients(loss: () => Tensor, inputs: readonly Tensor[] = []): ValueAndGradients {
  if (current)
    throw new EngineError("valueAndGradients: a tape is recording; gradients of gradients are not supported");
  const tape = new Recording(inputs);
  const gradients = new Gradients();
  return scope(() => {
    try {
      const value = recordInto(tape, () => withKeeper(tape.keeps, () => scope(loss)));
      const number = value.item();
      tape.backward(value, gradients);
      return { loss: number, gradients: inputs.map((input) => gradients.handOver(input)) };
    } finally {
      gradients.end();
      tape.end();
    }
  });
}
