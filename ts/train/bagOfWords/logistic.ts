import { InverseHessian } from "./lbfgs.js";
import { along, type Classes, residuals } from "./likelihood.js";
import { addScaled, type Breath, difference, dot, multiply, multiplyTransposed, type SparseRows } from "./sparse.js";

/** What a logistic regression is fitted to. */
export interface LogisticProblem {
  readonly rows: SparseRows;
  /** Columns of the rows. */
  readonly columns: number;
  readonly classes: Classes;
  /** Weight of the rows' losses against the penalty. */
  readonly c: number;
}

/** When the fit ends. */
export interface LogisticLimits {
  /** Largest error of a probability, by the objective's curvature. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Largest length of a row. */
  readonly rowNorm: number;
}

/** Weights `[columns + 1, width]`, the biases last, and how the fit ended. */
export interface LogisticFit {
  readonly weights: Float64Array;
  readonly iterations: number;
  readonly isConverged: boolean;
}

/**
 * The minimum of ½ ‖W‖² + C · Σ cross-entropy, the biases without a penalty: what scikit-learn's LogisticRegression minimizes. L-BFGS with
 * line searches in the rows' logits, where they cost nothing.
 */
export async function fitLogistic(
  problem: LogisticProblem,
  limits: LogisticLimits,
  breath: Breath,
): Promise<LogisticFit> {
  const { rows, columns, classes, c } = problem;
  const { width } = classes;
  const weights = new Float64Array((columns + 1) * width);
  weights.set(classes.priors, columns * width);
  const logits = new Float64Array(classes.labels.length * width);
  const change = new Float64Array(logits.length);
  await multiply(rows, weights, width, logits, breath);
  const inverse = new InverseHessian(curvature(problem));
  let gradient = await gradientOf(problem, weights, logits, breath);
  let iterations = 0;
  // ½ ‖W‖² alone curves by 1: the weights are at most |gradient| from the best ones, and a probability moves by half of its logit at most.
  const isDone = () => 0.5 * limits.rowNorm * Math.sqrt(dot(gradient, gradient)) <= limits.tolerance;
  for (; iterations < limits.maxIterations && !isDone(); iterations++) {
    const direction = inverse.direction(gradient);
    await multiply(rows, direction, width, change, breath);
    const penalty = {
      slope: penaltySlope(weights, direction, width),
      curvature: penaltySlope(direction, direction, width),
    };
    const length = along(classes, logits, change, c, penalty);
    if (length === 0) break;
    for (let i = 0; i < direction.length; i++) direction[i]! *= length;
    addScaled(weights, 1, direction);
    addScaled(logits, length, change);
    const next = await gradientOf(problem, weights, logits, breath);
    inverse.note(direction, difference(next, gradient));
    gradient = next;
    await breath();
  }
  return { weights, iterations, isConverged: isDone() };
}

/** The penalty's part of a slope: a product without the biases. */
function penaltySlope(a: Float64Array, b: Float64Array, width: number): number {
  const end = a.length - width;
  return dot(a.subarray(0, end), b.subarray(0, end));
}

async function gradientOf(
  { rows, classes, c }: LogisticProblem,
  weights: Float64Array,
  logits: Float64Array,
  breath: Breath,
): Promise<Float64Array> {
  const gradient = weights.slice();
  gradient.fill(0, gradient.length - classes.width);
  await multiplyTransposed(rows, residuals(classes, logits, c), classes.width, gradient, breath);
  return gradient;
}

/** About the diagonal of the Hessian: that of a model that knows the classes' shares alone. */
function curvature({ rows, columns, classes, c }: LogisticProblem): Float64Array {
  const { width, variances } = classes;
  const squares = new Float64Array(columns + 1);
  for (let j = 0; j < rows.columns.length; j++) squares[rows.columns[j]!]! += rows.values[j]! ** 2;
  const found = new Float64Array((columns + 1) * width);
  for (let column = 0; column < columns; column++) {
    for (let k = 0; k < width; k++) found[column * width + k] = 1 + c * variances[k]! * squares[column]!;
  }
  for (let k = 0; k < width; k++) found[columns * width + k] = c * variances[k]! * classes.labels.length;
  return found;
}
