import { describe, expect, test } from "vitest";
import { ConfigError } from "../../ts/errors.js";
import { create, layerDecay, type ScheduleName, type ScheduleOptions } from "../../ts/optim/schedules.js";
import { difference, golden } from "../golden.js";

interface Case {
  readonly name: string;
  readonly schedule: ScheduleName;
  readonly options: ScheduleOptions;
  readonly layerDecay?: { readonly numHiddenLayers: number; readonly decay: number };
  readonly expected: readonly number[] | Readonly<Record<string, number>>;
}

const { cases } = golden<{ cases: readonly Case[] }>("schedules.json");

describe("the reference's rates", () => {
  test.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const largest = Math.max(...Object.values(one.expected));
    const rate = one.layerDecay ? undefined : create(one.schedule, one.options);
    const got = rate
      ? Object.keys(one.expected).map((step) => rate(Number(step)))
      : layerDecay(Object.keys(one.expected), one.layerDecay!);
    expect(difference(got, one.expected, () => 1e-9 * largest)).toBeUndefined();
  });
});

test("a warm-up as long as the run has finite rates to its end and after", () => {
  for (const name of ["linear", "cosine", "cosine_with_restarts", "polynomial"] as const) {
    const rate = create(name, { lr: 1, warmup: 4, total: 4 });
    for (let step = 0; step < 8; step++) expect(rate(step), `${name}, step ${step}`).toBeGreaterThanOrEqual(0);
    expect(rate(2)).toBe(0.5);
  }
});

test("a name that is unknown, a rate below 0 and a total that is missing are refused by name", () => {
  const broken = () => create("linaer" as ScheduleName, { lr: 1, total: 2 });
  expect(broken).toThrow(ConfigError);
  expect(broken).toThrow(/"linaer".*linear/);
  expect(() => create("linear", { lr: -1, total: 2 })).toThrow("lr is -1");
  expect(() => create("linear", { lr: 1 })).toThrow("total is undefined");
});
