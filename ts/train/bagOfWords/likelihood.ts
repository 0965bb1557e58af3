/** The rows' classes, all of which occur. */
export interface Classes {
  /** Class of each row, from 0. */
  readonly labels: Int32Array;
  /** Logits of a row: 1 for two classes, whose second it stands for, and one per class for more. */
  readonly width: number;
  /** Logits of a model that knows the classes' shares alone. */
  readonly priors: Float64Array;
  /** p (1 − p) of each logit's class. */
  readonly variances: Float64Array;
}

/** Describes `count` classes, 2 or more, each with a row at least. */
export function classesOf(labels: Int32Array, count: number): Classes {
  const shares = new Float64Array(count);
  for (const label of labels) shares[label]! += 1 / labels.length;
  const of = count === 2 ? shares.subarray(1) : shares;
  const priors = count === 2 ? of.map((share) => Math.log(share / (1 - share))) : of.map(Math.log);
  return { labels, width: of.length, priors, variances: of.map((share) => share * (1 - share)) };
}

/** Turns one row's logits into probabilities, in place; one logit into its class's. */
export function toProbabilities(logits: Float64Array): void {
  if (logits.length === 1) {
    logits[0] = 1 / (1 + Math.exp(-logits[0]!));
    return;
  }
  let [greatest, sum] = [-Infinity, 0];
  for (const logit of logits) greatest = Math.max(greatest, logit);
  for (let k = 0; k < logits.length; k++) sum += logits[k] = Math.exp(logits[k]! - greatest);
  for (let k = 0; k < logits.length; k++) logits[k]! /= sum;
}

/** C · (probability − target), for each row and logit. */
export function residuals({ labels, width }: Classes, logits: Float64Array, c: number): Float64Array {
  const found = logits.slice();
  for (let i = 0; i < labels.length; i++) {
    const row = found.subarray(i * width, (i + 1) * width);
    toProbabilities(row);
    if (width === 1) row[0]! -= labels[i]!;
    else row[labels[i]!]! -= 1;
    for (let k = 0; k < width; k++) row[k]! *= c;
  }
  return found;
}

/** Slope of the penalty at a line's start, and its curvature along the line. */
interface Line {
  readonly slope: number;
  readonly curvature: number;
}

/** Rounds of a line search, and by how much it must flatten the slope. */
const [ROUNDS, FLAT] = [30, 0.05];

/**
 * How far to go: about where C · Σ cross-entropy of `logits + t · change`, with the penalty, is lowest. Newton's steps on the slope, which
 * rises with t; where one leaves what is known of the zero's place, its middle. 0: nothing falls that way.
 */
export function along(classes: Classes, logits: Float64Array, change: Float64Array, c: number, penalty: Line): number {
  const at = (t: number): Line => {
    const { slope, curvature } = slopeAt(classes, logits, change, t);
    return { slope: c * slope + penalty.slope + t * penalty.curvature, curvature: c * curvature + penalty.curvature };
  };
  const start = at(0);
  if (!(start.slope < 0)) return 0;
  let [low, high, t, line] = [0, Infinity, 0, start];
  for (let round = 0; round < ROUNDS; round++) {
    const next = t - line.slope / line.curvature;
    t = next > low && next < high ? next : Number.isFinite(high) ? (low + high) / 2 : 2 * low + 1;
    line = at(t);
    if (Math.abs(line.slope) <= FLAT * -start.slope) return t;
    if (line.slope < 0) low = t;
    else high = t;
  }
  return low;
}

/** Slope and curvature of Σ cross-entropy at `logits + t · change`. */
function slopeAt({ labels, width }: Classes, logits: Float64Array, change: Float64Array, t: number): Line {
  const p = new Float64Array(width);
  let [slope, curvature] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const from = i * width;
    for (let k = 0; k < width; k++) p[k] = logits[from + k]! + t * change[from + k]!;
    toProbabilities(p);
    let [mean, square] = [0, 0];
    for (let k = 0; k < width; k++) {
      mean += p[k]! * change[from + k]!;
      square += p[k]! * change[from + k]! ** 2;
    }
    slope += mean - (width === 1 ? labels[i]! * change[from]! : change[from + labels[i]!]!);
    curvature += square - mean ** 2;
  }
  return { slope, curvature };
}
