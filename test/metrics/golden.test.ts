import { expect, test } from "vitest";
import { metrics } from "../../ts/metrics/index.js";
import { difference, golden } from "../golden.js";

interface Case {
  readonly name: string;
  readonly metric: keyof typeof metrics;
  readonly arguments: readonly unknown[];
  readonly options: object;
  readonly expected: unknown;
}

const { cases } = golden<{ cases: readonly Case[] }>("metrics.json");

test.each(cases.map((one) => [one.name, one] as const))("%s equals the reference", (_, one) => {
  const metric = metrics[one.metric] as (...given: unknown[]) => unknown;
  const expected = one.expected === "Infinity" ? Infinity : one.expected;
  const got = metric(...one.arguments, one.options);
  expect(difference(got, expected, (value) => 1e-6 * Math.max(1, Math.abs(value)))).toBeUndefined();
});
