import { describe, expect, it } from "vitest";
import { shuffled } from "../../../ts/train/text/order.js";

describe("a shuffled order", () => {
  it.each([1, 2, 3, 10, 1000, 2 ** 16, 2 ** 16 + 1, 100_003])("has each of %i blocks once", (n) => {
    const order = shuffled(n, 7, 3);
    const seen = new Uint8Array(n);
    for (let i = 0; i < n; i++) seen[order(i)]!++;
    expect(seen.every((times) => times === 1)).toBe(true);
  });

  it.each([1000, 200_000])("of %i blocks follows from seed and epoch, and differs for others", (n) => {
    const first = (seed: number, epoch: number) => Array.from({ length: 50 }, (_, i) => shuffled(n, seed, epoch)(i));
    expect(first(1, 0)).toEqual(first(1, 0));
    for (const other of [first(2, 0), first(1, 1), first(2 ** 40 + 1, 0)]) expect(other).not.toEqual(first(1, 0));
  });

  it("of very many blocks has no trend: neighbors are as far apart as chance puts them", () => {
    // The mean distance of two uniform numbers is a third of the range; that of 20,000 pairs within 1 %.
    const n = 5_000_000_000;
    const order = shuffled(n, 11, 0);
    const places = Array.from({ length: 20_001 }, (_, i) => order(i) / n);
    const apart = places.slice(1).map((place, i) => Math.abs(place - places[i]!));
    const mean = apart.reduce((sum, one) => sum + one, 0) / apart.length;
    expect(Math.abs(mean - 1 / 3)).toBeLessThan(0.0033);
    expect(Math.abs(places.reduce((sum, one) => sum + one, 0) / places.length - 0.5)).toBeLessThan(0.01);
  });
});
