import { scope, withKeeper } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Backward, Probe, Recording } from "./recording.js";
import { recordInto, recording } from "./tape.js";

/**
 * What `body` computes, without keeping what its gradients need but for `inputs`: they run it a second time (activation
 * checkpointing; Chen et al. 2016). `body` has to compute the same both times, so it draws its random numbers from counters,
 * and every tensor with a gradient that it reads, parameters aside, has to be among `inputs`. Values and gradients are the
 * same bits as without. Errors: EngineError, in backward, for a tensor that `body` reads and `inputs` lacks.
 */
export function checkpoint(body: () => Tensor, inputs: readonly Tensor[]): Tensor {
  const outer = recording();
  if (!outer) return body();
  const probe = new Probe();
  const y = recordInto(probe, () => scope(body));
  if (!probe.found && !inputs.some((x) => outer.tracks(x))) return y; // all that it reads is frozen
  const backward: Backward = ([dy], { all }) => {
    const inner = new Recording(
      inputs.filter((x) => outer.tracks(x)),
      outer,
    );
    try {
      const again = recordInto(inner, () => withKeeper(inner.keeps, () => scope(body)));
      if (!inner.tracks(again)) return;
      // The gradients go where those of the ops around go, in the same order: they are added up to the same bits.
      all.give(again, dy!);
      inner.walk(all);
    } finally {
      inner.end();
    }
  };
  outer.push({ inputs, outputs: [y], saved: inputs, backward }, true); // `inputs` lack the parameters
  return y;
}
