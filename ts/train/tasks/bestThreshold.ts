/** Half of all: the threshold where rows do not tell. */
const HALF = 0.5;

/**
 * The threshold from which predicting a label has the best F1 on some rows; of several, those next to 0.5. It lies between the probabilities
 * of two rows, with as few decimals as tell them apart. Rows of which none has the label, or all of one probability, leave it at 0.5.
 */
export function bestThreshold(probabilities: ArrayLike<number>, hasIt: readonly boolean[]): number {
  const order = Array.from(probabilities, (probability, i) => ({ probability, hasIt: hasIt[i]! }));
  order.sort((a, b) => b.probability - a.probability);
  const actual = hasIt.filter(Boolean).length;
  if (actual === 0 || order[0]!.probability === order.at(-1)!.probability) return HALF;
  let best = { f1: -1, low: HALF, high: HALF };
  let hits = 0;
  for (const [i, row] of order.entries()) {
    if (row.hasIt) hits++;
    const next = order[i + 1]?.probability;
    if (next === row.probability) continue;
    const found = { f1: (2 * hits) / (i + 1 + actual), low: next ?? 0, high: row.probability };
    if (found.f1 > best.f1 || (found.f1 === best.f1 && distance(found) < distance(best))) best = found;
  }
  return between(best.low, best.high);
}

/** A range of thresholds that predict the same: above `low`, at most `high`. */
interface Range {
  readonly low: number;
  readonly high: number;
}

const distance = (range: Range): number => Math.abs(middle(range) - HALF);

/** Half where that predicts the same; else halfway between two rows. */
const middle = ({ low, high }: Range): number => (low < HALF && HALF <= high ? HALF : (low + high) / 2);

/** The middle of a range with as few decimals as stay in it. */
function between(low: number, high: number): number {
  const exact = middle({ low, high });
  for (let digits = 2; digits < 17; digits++) {
    const rounded = Number(exact.toFixed(digits));
    if (rounded > low && rounded <= high && Math.abs(rounded - exact) <= (high - low) / 4) return rounded;
  }
  return high;
}
