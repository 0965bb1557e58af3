import type { AttentionProblem } from "./attentions.js";

/** Features of one head's row, in f64. */
export interface FeatureReference {
  /** Of a query; `fixed` is the same query where stabilizers are taken. */
  query(q: Float64Array, fixed: Float64Array, problem: AttentionProblem): Float64Array;
  /** Of a key, whose exponents are taken less `shift`. */
  key(k: Float64Array, shift: number, problem: AttentionProblem): Float64Array;
  /** The largest exponent of a key. */
  level(k: Float64Array, problem: AttentionProblem): number;
  /** Whether keys that a query must not see have a say in its shift. */
  sees(problem: AttentionProblem): boolean;
}

const alike = (map: (x: Float64Array, problem: AttentionProblem) => Float64Array): FeatureReference => ({
  query: (q, _fixed, problem) => map(q, problem),
  key: (k, _shift, problem) => map(k, problem),
  level: () => 0,
  sees: () => false,
});

/** x / D^(1/4). */
const scaled = (x: Float64Array) => x.map((value) => value / x.length ** 0.25);

/** W z, `[M]`. */
const projected = (z: Float64Array, { projection }: AttentionProblem) =>
  Float64Array.from({ length: projection.length / z.length }, (_, m) =>
    z.reduce((sum, value, d) => sum + value * projection[m * z.length + d]!, 0),
  );

/** Choromanski et al. 2021: M^(−1/2) (exp(W z − ‖z‖²/2 − c) + ε). */
function positive(x: Float64Array, shift: number, problem: AttentionProblem): Float64Array {
  const z = scaled(x);
  const half = z.reduce((sum, value) => sum + value ** 2, 0) / 2;
  const { epsilon = 1e-4 } = problem;
  return projected(z, problem).map((w, _, all) => (Math.exp(w - half - shift) + epsilon) / Math.sqrt(all.length));
}

const performerLevel = (x: Float64Array, problem: AttentionProblem) => Math.max(...projected(scaled(x), problem));

export const features = {
  elu: alike((x) => x.map((value) => (value > 0 ? value + 1 : Math.exp(value)))),
  relu: alike((x, { epsilon = 1e-3 }) => scaled(x).map((value) => Math.max(0, value) + epsilon)),
  performerRelu: alike((x, problem) =>
    projected(scaled(x), problem).map((value) => Math.max(0, value) + (problem.epsilon ?? 1e-3)),
  ),
  shen: {
    query: (q) => q.map((value, _, row) => Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0)),
    key: (k, shift) => k.map((value) => Math.exp(value - shift)),
    level: (k) => Math.max(...k),
    sees: () => false,
  },
  performer: {
    query: (q, fixed, problem) => positive(q, performerLevel(fixed, problem), problem),
    key: positive,
    level: performerLevel,
    // ε is added to shifted exponentials, so the shift must be one for all keys.
    sees: ({ epsilon = 1e-4 }) => epsilon !== 0,
  },
} satisfies Record<string, FeatureReference>;
