/** What ops compute, in f64 and as plainly as the formulas stand in the papers: no tiles, no tricks. */
type Numbers = Float64Array;

export const filled = (length: number, value: (i: number) => number): Numbers =>
  Float64Array.from({ length }, (_, i) => value(i));

/** op(a) · op(b), `[M, N]`. */
export function matmul(
  a: Numbers,
  b: Numbers,
  M: number,
  N: number,
  K: number,
  transposeA = false,
  transposeB = false,
): Numbers {
  return filled(M * N, (at) => {
    const [m, n] = [Math.floor(at / N), at % N];
    let sum = 0;
    for (let k = 0; k < K; k++) sum += a[transposeA ? k * M + m : m * K + k]! * b[transposeB ? n * K + k : k * N + n]!;
    return sum;
  });
}

/** x Wᵀ + b. */
export function linear(
  x: Numbers,
  weight: Numbers,
  bias: Numbers | undefined,
  N: number,
  O: number,
  I: number,
): Numbers {
  return matmul(x, weight, N, O, I, false, true).map((y, at) => y + (bias ? bias[at % O]! : 0));
}

/** Layer normalisation of rows of `width`. */
export function layerNorm(x: Numbers, weight: Numbers, bias: Numbers, width: number, eps: number): Numbers {
  return filled(x.length, (at) => {
    const row = x.subarray(at - (at % width), at - (at % width) + width);
    const mean = row.reduce((a, b) => a + b, 0) / width;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / width;
    return ((x[at]! - mean) / Math.sqrt(variance + eps)) * weight[at % width]! + bias[at % width]!;
  });
}

/** The error function, by its Taylor series near 0 and a continued fraction far out: exact to 1e-15. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let [term, sum] = [z, z];
    for (let n = 1; Math.abs(term) > 1e-18 * sum; n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 100; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction)));
}

const tanhGelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Activations by Hugging Face's names. */
export const activations = {
  gelu: (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_new: tanhGelu,
  relu: (x: number) => Math.max(0, x),
  silu: (x: number) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  quick_gelu: (x: number) => x / (1 + Math.exp(-1.702 * x)),
  mish: (x: number) => x * Math.tanh(Math.log1p(Math.exp(x))),
  relu6: (x: number) => Math.min(6, Math.max(0, x)),
  leaky_relu: (x: number) => (x > 0 ? x : 0.01 * x),
  relu2: (x: number) => Math.max(0, x) ** 2,
  gelu_10: (x: number) => Math.min(10, Math.max(-10, 0.5 * x * (1 + erf(x / Math.SQRT2)))),
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: Hugging Face's constant, not the root
  laplace: (x: number) => 0.5 * (1 + erf((x - 0.707107) / (0.282095 * Math.SQRT2))),
};

/** Who may look at whom, and what is added to scores. */
export interface AttentionFormula {
  readonly heads: number;
  readonly queryOffsets: readonly number[];
  readonly keyOffsets: readonly number[];
  readonly causal?: boolean | undefined;
  readonly window?: number | undefined;
  /** Keys of each sequence that are never too late. */
  readonly prefix?: readonly number[] | undefined;
  /** `shape` is [1 or heads, T, S]. */
  readonly bias?: { readonly numbers: Numbers; readonly shape: readonly number[] };
  readonly slopes?: readonly number[] | undefined;
  readonly queryPositions?: readonly number[] | undefined;
  readonly keyPositions?: readonly number[] | undefined;
}

/** softmax(q kᵀ / √D + biases) v by sequence and head; a query without keys gives 0. */
export function attention(q: Numbers, k: Numbers, v: Numbers, C: number, options: AttentionFormula): Numbers {
  const { heads, queryOffsets, keyOffsets, causal = false, window = 0, prefix } = options;
  const D = C / heads;
  const y = new Float64Array(q.length);
  for (let b = 0; b + 1 < queryOffsets.length; b++) {
    const [from, to] = [keyOffsets[b]!, keyOffsets[b + 1]!];
    const late = to - from - (queryOffsets[b + 1]! - queryOffsets[b]!);
    for (let i = queryOffsets[b]!; i < queryOffsets[b + 1]!; i++) {
      for (let h = 0; h < heads; h++) {
        const place = i - queryOffsets[b]! + (causal ? late : 0);
        const seen: number[] = [];
        for (let j = from; j < to; j++) {
          const distance = place - (j - from);
          const early = !causal || distance >= 0 || j - from < (prefix?.[b] ?? 0);
          const hidden = added(options, h, [i, j], [i - queryOffsets[b]!, j - from]) === Number.NEGATIVE_INFINITY;
          if (early && !hidden && (window === 0 || Math.abs(distance) <= window)) seen.push(j);
        }
        const scores = seen.map((j) => {
          let dot = 0;
          for (let d = 0; d < D; d++) dot += q[i * C + h * D + d]! * k[j * C + h * D + d]!;
          return dot / Math.sqrt(D) + added(options, h, [i, j], [i - queryOffsets[b]!, j - from]);
        });
        const top = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - top));
        const sum = weights.reduce((a, w) => a + w, 0);
        for (const [n, j] of seen.entries()) {
          for (let d = 0; d < D; d++) y[i * C + h * D + d]! += (weights[n]! / sum) * v[j * C + h * D + d]!;
        }
      }
    }
  }
  return y;
}

/** What is added to the score of query row `i` with key row `j`, numbers `t` and `s` of their sequence. */
function added(options: AttentionFormula, h: number, [i, j]: readonly number[], [t, s]: readonly number[]): number {
  const { bias, slopes, queryPositions, keyPositions } = options;
  const [heads, rows, columns] = bias?.shape ?? [];
  const own = bias ? bias.numbers[((heads === 1 ? 0 : h) * rows! + t!) * columns! + s!]! : 0;
  return own - (slopes ? slopes[h]! * Math.abs(queryPositions![i!]! - keyPositions![j!]!) : 0);
}

/** Pairs of each head turned by position · 10000^(−2i/R); interleaved, or half-split; the rest of the head as it is. */
export function rope(
  x: Numbers,
  C: number,
  heads: number,
  R: number,
  positions: readonly number[],
  half: boolean,
): Numbers {
  const [y, D] = [Float64Array.from(x), C / heads];
  for (const [n, position] of positions.entries()) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < R / 2; i++) {
        const angle = position * 10000 ** ((-2 * i) / R);
        const at = n * C + h * D;
        const [a, b] = half ? [at + i, at + i + R / 2] : [at + 2 * i, at + 2 * i + 1];
        y[a] = x[a]! * Math.cos(angle) - x[b]! * Math.sin(angle);
        y[b] = x[b]! * Math.cos(angle) + x[a]! * Math.sin(angle);
      }
    }
  }
  return y;
}

/** Mean of the losses of the rows with a label other than −100; by PyTorch's definition of smoothing ε. */
export function crossEntropy(logits: Numbers, labels: readonly number[], V: number, smoothing = 0): Numbers {
  const losses = labels.flatMap((label, n) => {
    if (label === -100) return [];
    const row = logits.subarray(n * V, (n + 1) * V);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const lse = Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0)) + top;
    const smooth = row.reduce((sum, x) => sum + (lse - x), 0) / V;
    return [(1 - smoothing) * (lse - row[label]!) + smoothing * smooth];
  });
  return Float64Array.of(losses.reduce((a, b) => a + b, 0) / losses.length);
}
