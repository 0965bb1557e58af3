import { expect, test } from "vitest";
import { type Range, trainBagOfWords } from "../../../ts/train/bagOfWords/index.js";
import { golden } from "../../golden.js";

interface Rows {
  readonly texts: readonly string[];
  readonly pairs: readonly string[] | null;
  readonly labels: readonly number[];
}
interface Case {
  readonly name: string;
  readonly train: Rows;
  readonly test: Rows;
  readonly numLabels: number;
  readonly settings: {
    readonly words: Range | false;
    readonly characters: Range | false;
    readonly buckets: number;
    readonly idf: boolean;
    readonly c: number;
  };
  readonly expected: readonly (readonly number[])[];
}

const { cases } = golden<{ cases: readonly Case[] }>("bagOfWords/cases.json");
const optionsOf = ({ train, numLabels, settings }: Case) => ({
  ...{ texts: train.texts, pairs: train.pairs ?? undefined, labels: train.labels, numLabels, ...settings },
});
/** The largest difference of two tables. */
const apart = (a: readonly ArrayLike<number>[], b: readonly (readonly number[])[]) =>
  Math.max(...b.flatMap((row, i) => row.map((value, k) => Math.abs(value - a[i]![k]!))));

test.each(cases)("$name: probabilities are scikit-learn's", async (one) => {
  const bag = await trainBagOfWords(optionsOf(one));
  const found = await bag.probabilities(one.test.texts, one.test.pairs ?? undefined);
  expect(found).toHaveLength(one.expected.length);
  expect(apart(found, one.expected)).toBeLessThan(1e-4);
  expect(bag.report.isConverged).toBe(true);
});
