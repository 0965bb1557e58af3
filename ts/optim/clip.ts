import { engine } from "../engine/engine.js";
import type { ParameterBuffers } from "./optimizer.js";

/**
 * The norm of all gradients together, and what they are to be multiplied by so that it is at most `maxGradNorm` (PyTorch's
 * `clip_grad_norm_`). Frozen parameters have no gradient.
 */
export function clip({ gradients }: ParameterBuffers, maxGradNorm: number): { gradNorm: number; scale: number } {
  const gradNorm = Math.sqrt(engine().sum_of_squares(gradients));
  return { gradNorm, scale: Math.min(1, maxGradNorm / (gradNorm + 1e-6)) };
}
