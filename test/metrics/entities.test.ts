import { describe, expect, test } from "vitest";
import { ConfigError, DataError, RoFormerError, ShapeError } from "../../ts/errors.js";
import { metrics } from "../../ts/metrics/index.js";
import { difference, golden } from "../golden.js";

const { entityF1 } = metrics;

interface Case {
  readonly predictions: readonly string[];
  readonly labels: readonly string[];
  readonly options?: metrics.EntityF1Options;
  readonly expected?: metrics.EntityScores;
  readonly refused?: boolean;
}

const cases = golden<readonly Case[]>("entities/cases.json");
const tags = (sequence: string): string[] => (sequence === "" ? [] : sequence.split(" "));

test("entities and their scores are seqeval's, in every scheme, also of ill-formed sequences", () => {
  for (const one of cases) {
    const score = () => entityF1(one.predictions.map(tags), one.labels.map(tags), one.options);
    const shown = JSON.stringify(one);
    if (one.refused) expect(score, shown).toThrow(RoFormerError);
    else
      expect(
        difference(score(), one.expected, () => 1e-12),
        shown,
      ).toBeUndefined();
  }
  expect(cases.filter(({ expected }) => expected && expected.f1 > 0 && expected.f1 < 1).length).toBeGreaterThan(150);
  expect(cases.filter(({ refused }) => refused).length).toBeGreaterThan(10);
});

test("by hand: two of three entities that are there were found, and two of four predicted ones are right", () => {
  const labels = [["B-PER", "I-PER", "O", "B-LOC"], ["B-PER"]];
  const predictions = [["B-PER", "I-PER", "B-ORG", "B-LOC"], ["B-LOC"]];
  const scores = entityF1(predictions, labels);
  expect(scores).toMatchObject({ precision: 2 / 4, recall: 2 / 3, accuracy: 3 / 5 });
  expect(scores.f1).toBeCloseTo(4 / 7, 12);
  expect(scores.perEntity.map(({ type, support }) => [type, support])).toEqual([
    ["LOC", 1],
    ["ORG", 0],
    ["PER", 2],
  ]);
});

test("an entity counts once a place: two sequences have the same entity each", () => {
  expect(entityF1([["B-A"], ["B-A"]], [["B-A"], ["O"]])).toMatchObject({ precision: 0.5, recall: 1 });
  const strict = { mode: "strict", scheme: "IOB2" } as const;
  expect(entityF1([["B-A"], ["B-A"]], [["B-A"], ["O"]], strict)).toMatchObject({ precision: 0.5, recall: 1 });
});

describe("what cannot be scored is named", () => {
  const wrong = (options: object) => () => entityF1([["B-A"]], [["B-A"]], options as metrics.EntityF1Options);

  test("lists that do not fit", () => {
    expect(() => entityF1([], [])).toThrow(ShapeError);
    expect(() => entityF1([["O"]], [["O"], ["O"]])).toThrow("entityF1: predictions is 1, not 2, as labels");
    expect(() => entityF1([["O"], ["O"]], [["O"], ["O", "O"]])).toThrow(
      "entityF1: predictions[1] is 1, not 2 tags, as labels[1]",
    );
  });

  test("tags that are none", () => {
    expect(() => entityF1([["O", "O"]], [["O", ""]])).toThrow(DataError);
    expect(() => entityF1([["O", "O"]], [["O", ""]])).toThrow('labels[0][1] is ""; expected a tag such as "B-PER"');
    expect(() => entityF1([[3 as never]], [["O"]])).toThrow("predictions[0][0] is 3; expected a tag");
    expect(() => entityF1([["E-A"]], [["B-A"]], { mode: "strict", scheme: "IOB2" })).toThrow(
      'entityF1: predictions[0][0] is "E-A"; expected one of I, O, B with a type',
    );
  });

  test("options", () => {
    expect(wrong({ mode: "lenient" })).toThrow(ConfigError);
    expect(wrong({ mode: "lenient" })).toThrow("mode is lenient; expected strict");
    expect(wrong({ mode: "strict", scheme: "IOB3" })).toThrow("scheme is IOB3, not one of IOB1, IOB2");
    expect(wrong({ scheme: "IOB2" })).toThrow('scheme needs mode: "strict"');
    expect(() => entityF1([["I-A"]], [["I-A"]], { mode: "strict" })).toThrow(
      "the prefixes I match no scheme; give one",
    );
  });
});
