import { expect, test } from "vitest";
import { AbortError, ConfigError, DataError, ShapeError } from "../../../ts/errors.js";
import { type BagOfWordsOptions, type Range, trainBagOfWords } from "../../../ts/train/bagOfWords/index.js";
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

const two = cases.find(({ name }) => name === "two classes")!;
const paired = cases.find(({ name }) => name === "pairs")!;

test("defaults are words of 1 to 2, characters of 3 to 5, frequencies, C of 5", async () => {
  const { train, test: held, numLabels } = two;
  const bag = await trainBagOfWords({ texts: train.texts, labels: train.labels, numLabels });
  expect(apart(await bag.probabilities(held.texts), two.expected)).toBeLessThan(1e-4);
  const report = { rows: 120, words: [1, 2], characters: [3, 5], buckets: 2 ** 18, isConverged: true };
  expect(bag.report).toMatchObject(report);
});

test("the same options give the same bits, and a text the same alone as among others", async () => {
  const [first, second] = [await trainBagOfWords(optionsOf(paired)), await trainBagOfWords(optionsOf(paired))];
  const { texts, pairs } = paired.test;
  const found = await first.probabilities(texts, pairs!);
  expect(await second.probabilities(texts, pairs!)).toEqual(found);
  expect((await first.probabilities([texts[3]!], [pairs![3]]))[0]).toEqual(found[3]);
});

test("a prediction is the most likely class", async () => {
  const five = cases.find(({ name }) => name === "five classes")!;
  const bag = await trainBagOfWords(optionsOf(five));
  const expected = five.expected.map((row) => row.indexOf(Math.max(...row)));
  expect([...(await bag.predict(five.test.texts))]).toEqual(expected);
  expect(await bag.predict([])).toHaveLength(0);
});

test("a row without a pair has an empty one", async () => {
  const [empty, absent] = [optionsOf(paired), optionsOf(paired)].map((options, i) => ({
    ...options,
    pairs: options.pairs!.map((pair, row) => (row % 3 === 0 ? ["", undefined][i] : pair)),
  }));
  const { texts } = paired.test;
  const found = await (await trainBagOfWords(absent!)).probabilities(texts);
  const blank = texts.map(() => "");
  expect(found).toEqual(await (await trainBagOfWords(empty!)).probabilities(texts, blank));
});

test("a class without rows has probability 0, and one class alone 1", async () => {
  const texts = ["red", "green", "blue", "red red", "green green", "blue blue"];
  const three = await trainBagOfWords({ texts, labels: [1, 4, 6, 1, 4, 6], numLabels: 8 });
  const dense = await trainBagOfWords({ texts, labels: [0, 1, 2, 0, 1, 2], numLabels: 3 });
  const [sparse, full] = [await three.probabilities(["red", "teal"]), await dense.probabilities(["red", "teal"])];
  for (const row of [0, 1]) {
    const [a, b, c] = full[row]!;
    expect([...sparse[row]!]).toEqual([0, a, 0, 0, b, 0, c, 0]);
  }
  const one = await trainBagOfWords({ texts, labels: texts.map(() => 2), numLabels: 3 });
  expect((await one.probabilities(["red", ""])).map((row) => [...row])).toEqual([0, 1].map(() => [0, 0, 1]));
  expect([...(await one.predict(["red"]))]).toEqual([2]);
});

test("texts without any n-gram have the classes' shares, at any size of the weights", async () => {
  const bag = await trainBagOfWords({ texts: ["", "", "", ""], labels: [0, 1, 1, 1], numLabels: 2 });
  expect(
    apart(await bag.probabilities(["", "red"]), [
      [0.25, 0.75],
      [0.25, 0.75],
    ]),
  ).toBeLessThan(1e-9);
  expect(bag.report.isConverged).toBe(true);
});

test("what is behind 2¹⁷ characters of a text is not read", async () => {
  const long = "red ".repeat(2 ** 15);
  const options = { texts: [long, "green"], labels: [0, 1], numLabels: 2 };
  const bag = await trainBagOfWords(options);
  const more = await trainBagOfWords({ ...options, texts: [`${long}green`, "green"] });
  expect(await more.probabilities(["red", "green"])).toEqual(await bag.probabilities(["red", "green"]));
});

test("a fit may end early, and says so", async () => {
  const bag = await trainBagOfWords({ ...optionsOf(two), maxIterations: 3 });
  expect(bag.report).toMatchObject({ iterations: 3, isConverged: false });
  const loose = await trainBagOfWords({ ...optionsOf(two), tolerance: 0.1 });
  expect(loose.report.isConverged).toBe(true);
  expect(loose.report.iterations).toBeLessThan((await trainBagOfWords(optionsOf(two))).report.iterations);
});

test("a signal ends training and prediction, before and in the middle, while timers run", async () => {
  const texts = Array.from({ length: 3000 }, (_, i) => `${two.train.texts[i % 120]} ${i} ${i % 7} ${i * 31}`);
  const options = { texts, labels: texts.map((_, i) => i % 3), numLabels: 3, tolerance: 1e-12, maxIterations: 1000 };
  const stopped = AbortSignal.abort(new Error("enough"));
  await expect(trainBagOfWords({ ...options, signal: stopped })).rejects.toThrow(AbortError);
  const controller = new AbortController();
  let ticks = 0;
  const timer = setInterval(() => ++ticks === 3 && controller.abort(), 5);
  await expect(trainBagOfWords({ ...options, signal: controller.signal })).rejects.toThrow(AbortError);
  clearInterval(timer);
  expect(ticks).toBeGreaterThanOrEqual(3);
  const bag = await trainBagOfWords(optionsOf(two));
  await expect(bag.predict(texts, undefined, { signal: stopped })).rejects.toThrow("the bag of words was aborted");
});

const small: BagOfWordsOptions = { texts: ["red", "green"], labels: [0, 1], numLabels: 2 };
test.each([
  [{ texts: [], labels: [] }, DataError, "trainBagOfWords: there are no texts"],
  [{ labels: [0] }, ShapeError, "trainBagOfWords: labels is 1, not 2, as texts"],
  [{ pairs: ["red"] }, ShapeError, "trainBagOfWords: pairs is 1, not 2, as texts"],
  [{ labels: [0, 2] }, DataError, "trainBagOfWords: label 1 is 2, not a whole number from 0 to 1"],
  [{ labels: [0, -1] }, DataError, "label 1 is -1"],
  [{ labels: [Number.NaN, 0] }, DataError, "label 0 is NaN"],
  [{ numLabels: 0 }, ConfigError, "trainBagOfWords: numLabels is 0, not a whole number of at least 1"],
  [{ numLabels: undefined }, ConfigError, "trainBagOfWords: numLabels is undefined, not"],
  [{ c: "1" }, ConfigError, 'c is "1", not a positive number'],
  [{ c: 0 }, ConfigError, "trainBagOfWords: c is 0, not a positive number"],
  [{ c: Number.POSITIVE_INFINITY }, ConfigError, "c is Infinity"],
  [{ tolerance: -1 }, ConfigError, "tolerance is -1, not a positive number"],
  [{ maxIterations: 1.5 }, ConfigError, "maxIterations is 1.5, not a whole number of at least 1"],
  [{ buckets: 0 }, ConfigError, "buckets is 0, not"],
  [{ words: [2, 1] }, ConfigError, "words is [2,1], not false or two whole numbers from 1, the smaller one first"],
  [{ characters: 3 }, ConfigError, "characters is 3, not"],
  [{ words: false, characters: false }, ConfigError, "words or characters are needed"],
  [{ idf: "yes" }, ConfigError, "idf is yes, not true or false"],
  [{ charcters: [3, 5] }, ConfigError, 'did you mean "characters"?'],
])("%j is refused", async (wrong, kind, message) => {
  const run = () => trainBagOfWords({ ...small, ...(wrong as object) });
  await expect(run()).rejects.toThrow(kind);
  await expect(run()).rejects.toThrow(message);
});

test("pairs that do not fit are refused where classes are asked for", async () => {
  const bag = await trainBagOfWords(small);
  await expect(bag.predict(["red"], ["blue"])).rejects.toThrow("the bag of words was trained without pairs");
  const pairs = await trainBagOfWords({ ...small, pairs: ["a", "b"] });
  await expect(pairs.predict(["red"], ["blue", "red"])).rejects.toThrow("probabilities: pairs is 2, not 1, as texts");
});
