import fc from "fast-check";
import { expect, test } from "vitest";
import { folds, sameText, split } from "../../ts/data/split.js";

const shares = [0.8, 0.1, 0.1];
const texts = (n: number) => Array.from({ length: n }, (_, i) => `text ${i}`);

test("every row is in exactly one part, and the parts are as large as their shares to a row for each label", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 300 }), fc.nat(), (labels, seed) => {
      const parts = split(texts(labels.length), labels, { shares, seed });
      expect(parts.flat().sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
      const classes = new Set(labels).size;
      for (const [p, part] of parts.entries())
        expect(Math.abs(part.length - shares[p]! * labels.length)).toBeLessThanOrEqual(classes);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("each part has each label by its share: 100 and 1,000 rows are 80, 10, 10 and 800, 100, 100", () => {
  const labels = Array.from({ length: 1100 }, (_, i) => (i % 11 === 0 ? "rare" : "common"));
  const parts = split(texts(1100), labels, { shares, seed: 3 });
  const counts = (label: string) => parts.map((part) => part.filter((i) => labels[i] === label).length);
  expect(counts("rare")).toEqual([80, 10, 10]);
  expect(counts("common")).toEqual([800, 100, 100]);
});

test("many labels of two rows each still fill all parts, and training knows every label", () => {
  const labels = Array.from({ length: 100 }, (_, i) => i >> 1);
  const [train, valid, test] = split(texts(100), labels, { shares, seed: 1 });
  expect(new Set(train!.map((i) => labels[i])).size).toBe(50);
  expect(Math.min(valid!.length, test!.length)).toBeGreaterThanOrEqual(8);
});

test("the first part has every label, however small its share", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 60 }), fc.nat(), (labels, seed) => {
      const [first] = split(texts(labels.length), labels, { shares: [1, 9], seed });
      expect(new Set(first!.map((i) => labels[i]))).toEqual(new Set(labels));
    }),
    { seed: 2, numRuns: 100 },
  );
});

test("rows of one text are in one part, whatever their case, white space and labels", () => {
  const given = Array.from(
    { length: 400 },
    (_, i) => [`Text ${i % 97}`, `text  ${i % 97} `, `ＴEXT\n${i % 97}`][i % 3]!,
  );
  const parts = split(
    given,
    given.map((_, i) => i % 2),
    { shares, seed: 5 },
  );
  const of = new Map<number, number>();
  for (const [p, part] of parts.entries()) {
    for (const i of part) {
      expect(of.get(i % 97) ?? p).toBe(p);
      of.set(i % 97, p);
    }
  }
  expect(parts.map((part) => part.length > 0)).toEqual([true, true, true]);
});

test("the seed decides: the same one gives the same split, another one another", () => {
  const labels = Array.from({ length: 200 }, (_, i) => i % 2);
  const of = (seed: number) => JSON.stringify(split(texts(200), labels, { shares, seed }));
  expect(of(1)).toBe(of(1));
  expect(of(1)).not.toBe(of(2));
});

test("the split of twenty rows by seed 1 is what it was when runs were first made with it", () => {
  const labels = Array.from({ length: 20 }, (_, i) => i % 2);
  expect(split(texts(20), labels, { shares: [3, 1], seed: 1 })).toEqual([
    [0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 19],
    [1, 2, 13, 17, 18],
  ]);
});

test("half a million copies of one text are split at once", () => {
  const same = new Array<string>(500_000).fill("same");
  expect(split(same, new Array<number>(500_000).fill(0), { shares, seed: 1 }).map((part) => part.length)).toEqual([
    500_000, 0, 0,
  ]);
});

test("every row is in one fold, rows of one text in the same, and the same seed gives the same folds", () => {
  const row = fc.record({ text: fc.integer({ min: 0, max: 40 }), label: fc.nat(3), form: fc.nat(2) });
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 120 }),
      fc.integer({ min: 2, max: 7 }),
      fc.nat(),
      (rows, count, seed) => {
        const forms = (n: number) => [`Text  ${n}`, `text ${n}`, `TEXT\t${n} `] as const;
        const texts = rows.map(({ text, form }) => forms(text)[form]!);
        const labels = rows.map(({ label }) => label);
        const parts = folds(texts, labels, { count, seed });
        expect(parts).toHaveLength(count);
        expect(parts.flat().sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
        for (const part of parts) expect(part).toEqual([...part].sort((a, b) => a - b));
        const foldOf = new Map(parts.flatMap((part, fold) => part.map((i) => [i, fold] as const)));
        for (const [i, a] of texts.entries())
          for (const [j, b] of texts.entries())
            if (sameText(a) === sameText(b)) expect(foldOf.get(i)).toBe(foldOf.get(j));
        expect(folds(texts, labels, { count, seed })).toEqual(parts);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

test("folds of different texts have the same share of every label to a row, and the same size to a row for each label", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(4), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 2, max: 10 }),
      fc.nat(),
      (labels, count, seed) => {
        const parts = folds(texts(labels.length), labels, { count, seed });
        for (const label of new Set(labels)) {
          const counts = parts.map((part) => part.filter((i) => labels[i] === label).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
        const sizes = parts.map((part) => part.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test("labels of a single row each fill all folds, and another seed gives other folds", () => {
  const labels = Array.from({ length: 50 }, (_, i) => i);
  const parts = folds(texts(50), labels, { count: 5, seed: 1 });
  expect(parts.map((part) => part.length)).toEqual([10, 10, 10, 10, 10]);
  const same = Array.from({ length: 50 }, () => 0);
  expect(folds(texts(50), same, { count: 5, seed: 1 })).not.toEqual(folds(texts(50), same, { count: 5, seed: 2 }));
});
