import { describe, expect, it } from "vitest";
import { needThreads } from "../threaded.js";
import { hash } from "./programs.js";

/** Runs that must give the same bits: by threads, by what is shared, and without threads at all. */
const runs = (simd: "simd" | "relaxed") => [
  { variant: simd },
  ...[1, 2, 3, 7].map((threads) => ({ variant: `${simd}-threads`, threads, shareAll: true })),
  { variant: `${simd}-threads`, threads: 2 },
];

needThreads();

describe.each(["simd", "relaxed"] as const)("whole models, %s", (simd) => {
  it("have the same bits for 1, 2, 3 and 7 threads: outputs, loss, every gradient, and after three steps", async () => {
    const found = [];
    for (const options of runs(simd)) found.push(await hash(options));
    expect(found.map(({ threads }) => threads)).toEqual([1, 1, 2, 3, 7, 2]);
    expect(found.slice(1, -1).map(({ tookPart }) => tookPart)).toEqual([1, 2, 3, 7]);
    expect(found.every(({ finite }) => finite)).toBe(true);
    expect(new Set(found.map(({ hash }) => hash)).size).toBe(1);
  });
});
