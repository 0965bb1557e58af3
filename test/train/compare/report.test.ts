import { SaxesParser } from "saxes";
import { describe, expect, it } from "vitest";
import { chartOf } from "../../../ts/train/compare/chart.js";
import { markdownOf } from "../../../ts/train/compare/markdown.js";
import type { CurvePoint } from "../../../ts/train/compare/run.js";
import { notesOf, tableOf } from "../../../ts/train/compare/table.js";
import type { Comparison } from "../../../ts/train/index.js";

/** The elements of an SVG that is well-formed XML, in their order. */
function parse(svg: string): { readonly name: string; readonly attributes: Record<string, string>; text: string }[] {
  const elements: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const parser = new SaxesParser({ xmlns: false });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => elements.push({ name, attributes, text: "" }));
  parser.on("text", (text) => {
    if (elements.length > 0) elements.at(-1)!.text += text;
  });
  parser.write(svg).close();
  return elements;
}

const curve = (values: readonly number[]): CurvePoint[] =>
  values.map((accuracy, i) => ({ step: 10 * (i + 1), metrics: { accuracy } }));

/** A comparison of alternatives with the curves of their runs. */
function comparisonOf(curves: Readonly<Record<string, readonly (readonly number[])[]>>, more: object = {}): Comparison {
  const runs = Object.entries(curves).flatMap(([alternative, own]) =>
    own.map((values, i) => ({
      ...{ name: `${alternative},seed=${i}`, alternative, differs: {}, seed: i, curve: curve(values) },
      metrics: { accuracy: values.at(-1), steps: 30, seconds: 1.5, part: "validation" },
      validation: { accuracy: values.at(-1) },
    })),
  );
  const alternatives = Object.entries(curves).map(([name, own], i) => ({
    ...{ name, settings: {}, n: own.length },
    metrics: { accuracy: { n: own.length, mean: 0.75 + i / 100, deviation: 0.05 } },
    validation: { accuracy: { n: own.length, mean: 0.5, deviation: 0.25 } },
    ...(i > 0 && { difference: { n: own.length, difference: -0.125, low: -0.5, high: 0.25, pValue: 0.5 } }),
  }));
  const all = { command: "finetune", metric: "accuracy", lessIsBetter: false, part: "validation", alternatives, runs };
  return { ...all, ...more } as unknown as Comparison;
}

const two = {
  "position=rotary": [
    [0.5, 0.6, 0.7],
    [0.5, 0.8, 0.9, 0.9],
  ],
  'freeze=<a> & "b"': [
    [0.5, 0.5, 0.6],
    [0.5, 0.5, 0.6],
  ],
};

describe("the chart", () => {
  it("is XML with a line for each alternative, a band where runs scatter, and the names as they are", () => {
    const elements = parse(chartOf(comparisonOf(two)));
    expect(elements[0]).toMatchObject({ name: "svg", attributes: { xmlns: "http://www.w3.org/2000/svg" } });
    const paths = elements.filter(({ name }) => name === "path").map(({ attributes }) => attributes);
    const [bands, lines] = [paths.filter(({ fill }) => fill !== "none"), paths.filter(({ fill }) => fill === "none")];
    expect(bands).toHaveLength(1);
    expect(lines).toHaveLength(2);
    const texts = elements.map(({ text }) => text.trim());
    for (const name of [...Object.keys(two), "accuracy on validation data, by step"]) expect(texts).toContain(name);
  });

  it("draws the means at their places", () => {
    const elements = parse(chartOf(comparisonOf(two)));
    const circles = elements.filter(({ name }) => name === "circle").map(({ attributes }) => attributes);
    const points = circles.map(({ cx, cy }) => [Number(cx), Number(cy)] as const);
    expect(points).toHaveLength(6); // the fourth evaluation of one run is of no other
    const ticks = elements.filter(({ name, attributes }) => name === "text" && attributes["text-anchor"] === "end");
    const places = ticks.map(({ text, attributes }) => [Number(text), Number(attributes.y) - 4] as const);
    const [[a, ya], [b, yb]] = [places[0]!, places.at(-1)!];
    const valueAt = (y: number) => a + ((y - ya) / (yb - ya)) * (b - a);
    for (const [i, mean] of [0.5, 0.7, 0.8, 0.5, 0.5, 0.6].entries())
      expect(valueAt(points[i]![1])).toBeCloseTo(mean, 9);
    expect(points[1]![0] - points[0]![0]).toBeCloseTo(points[2]![0] - points[1]![0], 9);
    const { width, height } = elements[0]!.attributes as Record<string, string>;
    for (const [x, y] of points) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(Number(width));
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(Number(height));
    }
  });

  it("is well-formed without evaluations, with a single point, with many alternatives and control characters", () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`lr=${i}\u0000\ud800`, [[i / 20, i / 10]]]));
    for (const curves of [{ a: [[]] }, { a: [[0.5]] }, many]) {
      const svg = chartOf(comparisonOf(curves));
      expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
      expect(parse(svg).length).toBeGreaterThan(3);
    }
    const lines = parse(chartOf(comparisonOf(many))).filter(({ attributes }) => attributes.fill === "none");
    expect(new Set(lines.map(({ attributes }) => `${attributes.stroke} ${attributes["stroke-dasharray"]}`)).size).toBe(
      20,
    );
  });
});

describe("the table", () => {
  it("has means, deviations, differences and intervals", () => {
    expect(tableOf(comparisonOf(two))).toEqual([
      ["", "n", "accuracy", "difference", "95 % interval"],
      ["position=rotary", "2", "0.7500 ± 0.0500", "", ""],
      ['freeze=<a> & "b"', "2", "0.7600 ± 0.0500", "−0.1250", "−0.5000 to +0.2500"],
    ]);
    expect(tableOf(comparisonOf({ a: [[1], [1]] }))).toEqual([
      ["", "n", "accuracy"],
      ["a", "2", "0.7500 ± 0.0500"],
    ]);
  });

  it("has the validation scores by which a search chose beside those of a test, and says what its best score is", () => {
    const best = [
      {
        ...{ alternative: "b", settings: { lr: 1e-4, epochs: 2 }, score: 0.875, of: 2 },
        runs: ["b"],
        folders: ["out/runs/b"],
      },
    ];
    const comparison = comparisonOf({ a: [[1], [1]], b: [[1], [1]] }, { part: "test", best });
    expect(tableOf(comparison)[0]).toEqual([
      "",
      "n",
      "accuracy",
      "accuracy, validation",
      "difference",
      "95 % interval",
    ]);
    expect(notesOf(comparison)).toContain(
      "Best of 2 settings by the validation score: lr=0.0001, epochs=2, accuracy 0.8750. As the best of 2 this score is a little too good. Its models: out/runs/b.",
    );
    expect(notesOf(comparison)[0]).toBe(
      "accuracy on the test rows, more is better: mean ± standard deviation over n runs.",
    );
  });

  it("is a table of Markdown, in which names stay as they are", () => {
    const page = markdownOf(comparisonOf({ "a|b": [[1], [0]], "c*": [[1], [0]] }));
    const tables = page.split("\n").filter((line) => line.startsWith("|"));
    const cells = (line: string) => line.split(/(?<!\\)\|/).length;
    expect(tables.slice(0, 4).map(cells)).toEqual([7, 7, 7, 7]);
    expect(tables.slice(4).map(cells)).toEqual([7, 7, 7, 7, 7, 7]);
    expect(page).toContain("| a\\|b | 2 |");
    expect(page).toContain("| c\\*,seed=1 | 0.0000 |");
    expect(page).toContain("(comparison.svg)");
  });
});
