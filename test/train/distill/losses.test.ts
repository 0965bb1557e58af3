import { describe, expect, it } from "vitest";
import type { ValueWithGradient } from "../../../ts/autograd/external.js";
import {
  contrast,
  cosineDistance,
  divergence,
  type Outcomes,
  relativeError,
  vectorError,
} from "../../../ts/train/distill/losses.js";
import { golden } from "../../golden.js";

interface Case {
  readonly name: string;
  readonly x: number[];
  readonly value: number;
  readonly gradient: number[];
  readonly targets?: number[][];
  readonly rows?: number[][];
  readonly states?: number[][];
  readonly temperature?: number;
  readonly outcomes?: Outcomes[];
}

const { cases } = golden<{ cases: Case[] }>("distill/losses.json");

function lossOf({ name, targets, rows, states, temperature, outcomes }: Case): (x: number[]) => ValueWithGradient {
  if (outcomes) return (x) => divergence(x, outcomes, temperature!);
  if (rows) {
    const wanted = rows.map((own, i) => ({ rows: own, states: Float32Array.from(states![i]!) }));
    return (x) => relativeError(x, wanted, 5);
  }
  if (name === "contrast") return (x) => contrast(x, targets!);
  if (name === "cosine") return (x) => cosineDistance(x, targets!);
  return (x) => vectorError(x, targets!, name !== "mse");
}

describe.each(cases.map((one) => [one.name, one] as const))("the loss %s", (_, one) => {
  const loss = lossOf(one);
  const found = loss(one.x);

  it("is PyTorch's, with its gradient", () => {
    expect(found.value).toBeCloseTo(one.value, 11);
    for (const [i, want] of one.gradient.entries()) expect(found.gradient[i]).toBeCloseTo(want, 11);
  });

  it("changes as its gradient says", () => {
    const step = 1e-5;
    const moved = (i: number, by: number) => loss(one.x.map((x, j) => (j === i ? x + by : x))).value;
    for (const i of one.x.keys())
      expect((moved(i, step) - moved(i, -step)) / (2 * step)).toBeCloseTo(found.gradient[i]!, 7);
  });
});

describe("what a student agrees on", () => {
  const rows = [1, 0, 0, 1];
  it("is the cosine, and which vector is the nearest", () => {
    const targets = [
      [2, 0],
      [1, 0],
    ];
    expect(cosineDistance(rows, targets).agreed).toBeCloseTo(1, 12);
    expect(vectorError(rows, targets, false).agreed).toBeCloseTo(1, 12);
    const apart = [
      [2, 0],
      [0, 3],
    ];
    expect(contrast(rows, apart).agreed).toBe(2);
    expect(contrast(rows, apart.toReversed()).agreed).toBe(0);
    expect(contrast(rows, [apart[0]!, apart[0]!]).agreed).toBe(0); // two equal ones: neither is the nearest
  });

  it("is the most likely outcome", () => {
    const outcomes = [
      { places: [0, 1], probabilities: [0.9, 0.1] },
      { places: [0, 1], probabilities: [0.9, 0.1] },
    ];
    expect(divergence([3, 1, 1, 3], outcomes, 1).agreed).toBe(1);
  });
});
