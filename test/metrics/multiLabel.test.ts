import fc from "fast-check";
import { expect, test } from "vitest";
import { ShapeError } from "../../ts/errors.js";
import { metrics } from "../../ts/metrics/index.js";

const { multiLabelReport } = metrics;

test("each label is scored as two classes are, and micro F1 as all cells are together", () => {
  const row = (width: number) => fc.array(fc.integer({ min: 0, max: 1 }), { minLength: width, maxLength: width });
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.tuple(row(width), row(width)), { minLength: 1, maxLength: 12 }));
  fc.assert(
    fc.property(table, (pairs) => {
      const [predictions, labels] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
      const report = multiLabelReport(predictions, labels);
      const binary = { average: "binary" } as const;
      for (const { label, precision, recall, f1, support } of report.labels) {
        const [mine, true_] = [predictions.map((own) => own[label]!), labels.map((own) => own[label]!)];
        expect(precision).toBeCloseTo(metrics.precision(mine, true_, binary), 12);
        expect(recall).toBeCloseTo(metrics.recall(mine, true_, binary), 12);
        expect(f1).toBeCloseTo(metrics.f1(mine, true_, binary), 12);
        expect(support).toBe(true_.filter(Boolean).length);
      }
      expect(report.micro.f1).toBeCloseTo(metrics.f1(predictions.flat(), labels.flat(), binary), 12);
      const mean = report.labels.reduce((sum, { f1 }) => sum + f1, 0) / report.labels.length;
      expect(report.macro.f1).toBeCloseTo(mean, 12);
      expect(report.subsetAccuracy).toBe(pairs.filter(([a, b]) => a.join() === b.join()).length / pairs.length);
    }),
    { seed: 1 },
  );
});

test("truth values are indicators too, and rows of other widths are refused", () => {
  expect(multiLabelReport([[true, false]], [[1, 0]]).subsetAccuracy).toBe(1);
  expect(() => multiLabelReport([[1]], [[1, 0]])).toThrow(ShapeError);
  expect(() => multiLabelReport([[1, 0], [1]], [[1, 0], [1]])).toThrow("multiLabelReport: row 1 is 1, not 2 labels");
  expect(() => multiLabelReport([], [])).toThrow(ShapeError);
});
