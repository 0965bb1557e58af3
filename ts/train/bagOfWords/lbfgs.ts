import { addScaled, dot } from "./sparse.js";

/** A step, the change of the gradient over it, and one over their product. */
interface Change {
  readonly step: Float64Array;
  readonly gradient: Float64Array;
  readonly inverse: number;
}

/** How many changes are remembered. */
const MEMORY = 8;

/**
 * The inverse of a Hessian as L-BFGS guesses it from the last steps (Nocedal & Wright, "Numerical Optimization", algorithm 7.4), begun
 * with one over `diagonal`, a guess of the Hessian's.
 */
export class InverseHessian {
  readonly #diagonal: Float64Array;
  readonly #changes: Change[] = [];
  #scale = 1;

  constructor(diagonal: Float64Array) {
    this.#diagonal = diagonal;
  }

  /** Notes a step and how the gradient changed over it; one along which it did not rise is not remembered. */
  note(step: Float64Array, gradient: Float64Array): void {
    const product = dot(step, gradient);
    if (!(product > 0)) return;
    this.#changes.push({ step, gradient, inverse: 1 / product });
    if (this.#changes.length > MEMORY) this.#changes.shift();
    let scaled = 0;
    for (let i = 0; i < gradient.length; i++) scaled += gradient[i]! ** 2 / this.#diagonal[i]!;
    this.#scale = product / scaled;
  }

  /** The direction −H⁻¹ · gradient, a fresh array. */
  direction(gradient: Float64Array): Float64Array {
    const d = new Float64Array(gradient.length);
    addScaled(d, -1, gradient);
    const factors = this.#changes.map(() => 0);
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const change = this.#changes[i]!;
      factors[i] = change.inverse * dot(change.step, d);
      addScaled(d, -factors[i]!, change.gradient);
    }
    for (let i = 0; i < d.length; i++) d[i]! *= this.#scale / this.#diagonal[i]!;
    for (const [i, { step, gradient: change, inverse }] of this.#changes.entries()) {
      addScaled(d, factors[i]! - inverse * dot(change, d), step);
    }
    return d;
  }
}
