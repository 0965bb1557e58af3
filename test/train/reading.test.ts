import { describe, expect, test } from "vitest";
import { hasF1, type ResultFacts, readResult } from "../../ts/train/reading.js";

/** A result that nothing needs to be said about: 170 of 200 rows are right. */
const good: ResultFacts = {
  ...{ n: 200, part: "validation", labels: ["no", "yes"], majorityShare: 0.5, isPretrained: true },
  confusionMatrix: [
    [85, 15],
    [15, 85],
  ],
  history: [
    { epoch: 1, trainLoss: 0.6, validLoss: 0.5 },
    { epoch: 2, trainLoss: 0.4, validLoss: 0.42 },
    { epoch: 3, trainLoss: 0.3, validLoss: 0.43 },
  ],
  baseline: { accuracy: 0.8 },
};
const lines = (facts: Partial<ResultFacts>) => readResult({ ...good, ...facts });

/** A table of two labels with so many rows of each, `hits` of either right. */
const table = (rows: number, hits: number) => [
  [hits, rows - hits],
  [rows - hits, hits],
];

test("nothing is said about a good result, one without rows, history or baseline", () => {
  expect(lines({})).toEqual([]);
  expect(lines({ history: [], baseline: undefined })).toEqual([]);
  expect(lines({ n: 0, confusionMatrix: table(0, 0), majorityShare: 0 })).toEqual([]);
});

describe("fewer than 50 rows", () => {
  test("an accuracy has its interval", () => {
    expect(lines({ n: 40, confusionMatrix: table(20, 17) })).toEqual([
      "With 40 rows an accuracy of 85 % may be anything from 71 to 93 %.",
    ]);
    expect(
      lines({
        n: 1,
        confusionMatrix: [
          [1, 0],
          [0, 0],
        ],
        majorityShare: 0.5,
      }),
    ).toEqual(["With 1 row an accuracy of 100 % may be anything from 21 to 100 %."]);
    expect(
      lines({
        n: 49,
        confusionMatrix: [
          [25, 0],
          [4, 20],
        ],
      }),
    ).toHaveLength(1);
  });

  test("50 rows have none", () => {
    expect(lines({ n: 50, confusionMatrix: table(25, 22) })).toEqual([]);
  });
});

describe("the most frequent label", () => {
  test("is said to do as well, or better", () => {
    const said = "it has not learned to tell the labels apart.";
    expect(lines({ majorityShare: 0.85 })).toEqual([
      `Always predicting the most frequent label gets 85 % of the validation rows right, and the model 85 %: ${said}`,
    ]);
    expect(lines({ majorityShare: 0.9, part: "test" })).toEqual([
      `Always predicting the most frequent label gets 90 % of the test rows right, and the model 85 %: ${said}`,
    ]);
    expect(lines({ majorityShare: 0.8475 })[0]).toContain(
      "gets 84.8 % of the validation rows right, and the model 85.0 %",
    );
  });

  test("of all rows says nothing about the model", () => {
    const said = "that does not show whether the model tells the labels apart.";
    const all = (n: number) => ({ n, majorityShare: 1, confusionMatrix: [[n - 1, 1].slice(0, 2), [0, 0]] });
    expect(lines(all(200))).toEqual([`All 200 validation rows have the label "no": ${said}`]);
    expect(lines({ ...all(1), part: "test" })[1]).toBe(`The one test row has the label "no": ${said}`);
  });

  test("is not mentioned where the model is more than a point better", () => {
    expect(lines({ majorityShare: 0.835 })).toEqual([]);
  });
});

describe("the bag of words", () => {
  test("is said to do better, with the cure", () => {
    expect(lines({ baseline: { accuracy: 0.9 }, isPretrained: false })).toEqual([
      "A bag of words, which ignores word order, does better: 90 % against 85 %. Start from a pretrained model (--init).",
    ]);
    expect(lines({ baseline: { accuracy: 0.9 } })).toEqual([
      "A bag of words, which ignores word order, does better: 90 % against 85 %. Try more epochs or another learning rate.",
    ]);
    expect(lines({ baseline: { accuracy: 0.852 } })[0]).toContain("85.2 % against 85.0 %");
  });

  test("is not mentioned where it does as well or worse", () => {
    for (const isPretrained of [true, false]) {
      expect(lines({ baseline: { accuracy: 0.85 }, isPretrained })).toEqual([]);
      expect(lines({ baseline: { accuracy: 0.3 }, isPretrained })).toEqual([]);
    }
  });
});

describe("a label that is never predicted", () => {
  /** Labels a to e; what is not right was taken for a. */
  const five = (missing: number) => ({
    labels: ["a", "b", "c", "d", "e"],
    confusionMatrix: [0, 1, 2, 3, 4].map((label) => {
      const row = [0, 0, 0, 0, 0];
      row[label > 4 - missing ? 0 : label] = label === 0 ? 160 : 10;
      return row;
    }),
  });

  test("is named with its rows", () => {
    expect(lines(five(1))).toEqual(['"e" is never predicted, though 10 validation rows have it.']);
    expect(lines({ ...five(2), part: "test" })).toEqual([
      '"d" and "e" are never predicted, though 20 test rows have them.',
    ]);
    expect(lines(five(4))).toEqual([
      '"b", "c", "d" and 1 more are never predicted, though 40 validation rows have them.',
    ]);
    const one = {
      confusionMatrix: [
        [199, 0],
        [1, 0],
      ],
      majorityShare: 0.5,
    };
    expect(lines(one)).toEqual(['"yes" is never predicted, though 1 validation row has it.']);
  });

  test("is not named if no row has it, or if it is predicted, even wrongly", () => {
    expect(
      lines({
        confusionMatrix: [
          [200, 0],
          [0, 0],
        ],
      }),
    ).toEqual([]);
    expect(
      lines({
        confusionMatrix: [
          [180, 10],
          [10, 0],
        ],
      }),
    ).toEqual([]);
  });
});

describe("training and validation loss", () => {
  const history = (...losses: (readonly [trainLoss: number, validLoss: number])[]) => ({
    history: losses.map(([trainLoss, validLoss], i) => ({ epoch: i + 1, trainLoss, validLoss })),
  });

  test("that part ways are said to, with the epoch", () => {
    expect(lines(history([0.6, 0.5], [0.4, 0.41], [0.2, 0.47], [0.1, 0.58]))).toEqual([
      "After epoch 2 the validation loss rises (from 0.41 to 0.58) while the training loss falls: the model memorizes its training rows " +
        "(overfitting). Try fewer epochs or more rows.",
    ]);
    const within = [
      { epoch: 0.5, trainLoss: 0.5, validLoss: 0.4 },
      { epoch: 1, trainLoss: 0.4, validLoss: 0.5 },
    ];
    expect(lines({ history: within })[0]).toContain("After epoch 0.5 the validation loss rises (from 0.40 to 0.50)");
  });

  test("are not mentioned if both fall, if both rise, after a rise that went away, or for 5 % or less", () => {
    expect(lines(history([0.6, 0.5], [0.4, 0.4], [0.2, 0.3]))).toEqual([]);
    expect(lines(history([0.6, 0.5], [0.7, 0.6]))).toEqual([]);
    expect(lines(history([0.6, 0.5], [0.4, 0.7], [0.3, 0.5]))).toEqual([]);
    expect(lines(history([0.6, 0.5], [0.4, 0.52]))).toEqual([]);
    expect(lines(history([0.6, 0.5], [0.2, 0.002], [0.1, 0.01]))).toEqual([]);
    expect(lines(history([0.6, 0.5]))).toEqual([]);
  });

  test("that are not known are passed over", () => {
    expect(lines(history([0.6, 0.5], [0.4, Number.NaN]))).toEqual([]);
    expect(lines(history([Number.NaN, 0.1], [0.6, 0.5], [0.4, 0.8]))[0]).toContain("After epoch 2");
  });
});

test("F1 says something unless one label is predicted for rows of several, or the second of two has no rows", () => {
  expect(hasF1(table(10, 9))).toBe(true);
  expect(
    hasF1([
      [5, 0],
      [5, 0],
    ]),
  ).toBe(false);
  expect(
    hasF1([
      [0, 5],
      [0, 5],
    ]),
  ).toBe(false);
  expect(
    hasF1([
      [4, 1],
      [0, 0],
    ]),
  ).toBe(false);
  expect(
    hasF1([
      [0, 0],
      [0, 5],
    ]),
  ).toBe(true);
  expect(
    hasF1([
      [5, 0, 0],
      [0, 0, 5],
      [0, 0, 0],
    ]),
  ).toBe(true);
  expect(
    hasF1([
      [5, 0, 0],
      [5, 0, 0],
      [0, 0, 0],
    ]),
  ).toBe(false);
  expect(
    hasF1([
      [0, 0, 5],
      [0, 0, 0],
      [0, 0, 0],
    ]),
  ).toBe(false);
});

test("what matters more is said first", () => {
  const said = lines({
    ...{
      n: 40,
      confusionMatrix: [
        [20, 0],
        [20, 0],
      ],
      baseline: { accuracy: 0.8 },
      isPretrained: false,
    },
    history: [
      { epoch: 1, trainLoss: 0.6, validLoss: 0.5 },
      { epoch: 2, trainLoss: 0.1, validLoss: 0.9 },
    ],
  });
  const begin = ["With 40 rows", "Always predicting", "A bag of words", '"yes" is never', "After epoch 1"];
  expect(said).toHaveLength(begin.length);
  for (const [i, line] of said.entries()) expect(line.startsWith(begin[i]!), line).toBe(true);
});
