/** An activation of one number. */
type Scalar = (x: number) => number;

const sigmoid: Scalar = (x) => 1 / (1 + Math.exp(-x));
const softplus: Scalar = (x) => (x > 20 ? x : Math.log1p(Math.exp(x)));
const within = (low: number, high: number, x: number): number => Math.min(high, Math.max(low, x));
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

/** erf by a series without cancellation: 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Classes of `torch.nn` that work number by number, with their default arguments, in inference. */
const scalars: Readonly<Record<string, Scalar>> = {
  Identity: (x) => x,
  Dropout: (x) => x,
  Tanh: Math.tanh,
  ReLU: (x) => Math.max(0, x),
  ReLU6: (x) => within(0, 6, x),
  LeakyReLU: (x) => (x < 0 ? 0.01 * x : x),
  RReLU: (x) => (x < 0 ? ((1 / 8 + 1 / 3) / 2) * x : x),
  GELU: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  Sigmoid: sigmoid,
  LogSigmoid: (x) => Math.min(0, x) - Math.log1p(Math.exp(-Math.abs(x))),
  SiLU: (x) => x * sigmoid(x),
  Mish: (x) => x * Math.tanh(softplus(x)),
  Softplus: softplus,
  Softsign: (x) => x / (1 + Math.abs(x)),
  Softshrink: (x) => Math.sign(x) * Math.max(0, Math.abs(x) - 0.5),
  Hardshrink: (x) => (Math.abs(x) > 0.5 ? x : 0),
  Tanhshrink: (x) => x - Math.tanh(x),
  ELU: (x) => (x < 0 ? Math.expm1(x) : x),
  CELU: (x) => (x < 0 ? Math.expm1(x) : x),
  SELU: (x) => SELU.scale * (x < 0 ? SELU.alpha * Math.expm1(x) : x),
  Hardtanh: (x) => within(-1, 1, x),
  Hardsigmoid: (x) => within(0, 6, x + 3) / 6,
  Hardswish: (x) => (x * within(0, 6, x + 3)) / 6,
};

/** Classes of `torch.nn` that look at a whole row. */
const rows: Readonly<Record<string, (row: Float64Array) => Float64Array>> = {
  Softmax: (row) => logSoftmax(row).map(Math.exp),
  Softmin: (row) => logSoftmax(row.map((x) => -x)).map(Math.exp),
  LogSoftmax: logSoftmax,
};

function logSoftmax(row: Float64Array): Float64Array {
  const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const sum = row.reduce((all, x) => all + Math.exp(x - top), 0);
  return row.map((x) => x - top - Math.log(sum));
}

/** An activation of a row; `slope`: the weight of a `PReLU`. */
export type Activation = (row: Float64Array, slope: number) => Float64Array;

const prelu: Activation = (row, slope) => row.map((x) => (x < 0 ? slope * x : x));

/** The activation of a class of `torch.nn`, by its full name; undefined for what this library does not compute. */
export function activationOf(className: string): Activation | undefined {
  const name = /^torch\.nn\.(?:[\w.]+\.)?(\w+)$/.exec(className)?.[1] ?? "";
  if (name === "PReLU") return prelu;
  if (Object.hasOwn(rows, name)) return rows[name];
  const scalar = Object.hasOwn(scalars, name) ? scalars[name] : undefined;
  return scalar && ((row) => row.map(scalar));
}
