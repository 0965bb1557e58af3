import { ShapeError } from "../../errors.js";
import { IGNORED } from "../../ops/crossEntropy.js";

/** `labels`, after checking that each is a class of `count`, or −100; `what` and a number name one that is not. */
export function classLabels(labels: ArrayLike<number>, count: number, what: string): Int32Array {
  return Int32Array.from(labels, (label, i) => {
    if (!Number.isInteger(label) || (label !== IGNORED && (label < 0 || label >= count))) {
      throw new ShapeError(`${what} ${i}`, label, `a class from 0 to ${count - 1}`);
    }
    return label;
  });
}
