import { argmax, sigmoid, softmax } from "../../pipelines/numbers.js";
import type { Probabilities } from "./calibration.js";
import { binaryCrossEntropyOf, crossEntropyOf } from "./losses.js";

/** One of several classes: softmax. */
export const ofClasses: Probabilities<number> = {
  loss: crossEntropyOf,
  slope(logits, label, factor) {
    const weights = softmax(Array.from(logits, (x) => factor * x));
    // In this order, a text that is right never seems to be wrong by rounding.
    return weights.reduce((sum, weight, id) => sum + weight * (logits[id]! - logits[label]!), 0);
  },
  beliefs(logits, label) {
    const predicted = argmax(logits);
    return [{ probability: Math.exp(-crossEntropyOf(logits, predicted)), isTrue: predicted === label }];
  },
};

/** Any number of labels: a sigmoid for each. */
export const ofLabels: Probabilities<Uint8Array> = {
  loss: binaryCrossEntropyOf,
  slope(logits, own, factor) {
    const slopes = Array.from(logits, (x, id) => (sigmoid(factor * x) - own[id]!) * x);
    return slopes.reduce((sum, slope) => sum + slope, 0) / logits.length;
  },
  beliefs: (logits, own) => Array.from(logits, (x, id) => ({ probability: sigmoid(x), isTrue: own[id] === 1 })),
};
