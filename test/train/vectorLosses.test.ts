import { expect, it } from "vitest";
import { cosent, cosineError, inBatchNegatives } from "../../ts/train/tasks/vectorLosses.js";
import { golden } from "../golden.js";

interface Case {
  readonly loss: "in-batch-negatives" | "cosent" | "cosine";
  readonly size: number;
  readonly width: number;
  readonly labels: number[] | null;
  readonly vectors: number[];
  readonly value: number;
  readonly gradient: number[];
}

const { cases } = golden<{ cases: Case[] }>("vectorLosses/vectorLosses.json");

it.each(cases.map((one) => [one.loss, one.size, one.width, one] as const))(
  "%s of %i texts of width %i is sentence-transformers', with its gradient",
  (_, size, width, { loss, labels, vectors, value, gradient }) => {
    const given = Float32Array.from(vectors);
    const found =
      loss === "in-batch-negatives"
        ? inBatchNegatives(given, size, width)
        : (loss === "cosent" ? cosent : cosineError)(given, labels!, width);
    const digits = loss === "cosine" ? 6 : 10; // computed in f32 there
    expect(found.value).toBeCloseTo(value, digits);
    for (const [i, want] of gradient.entries()) expect(found.gradient[i]).toBeCloseTo(want, digits);
  },
);
