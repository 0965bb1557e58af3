import { describe, expect, it } from "vitest";
import { ask, hash } from "../engine/programs.js";
import { opCases } from "./cases.js";
import { sharedCases } from "./sharedCases.js";

/** V8's two compilers of WebAssembly, each alone. By itself it starts with the first, and short tests see no other. */
const TIERS = { Liftoff: "--liftoff-only", TurboFan: "--no-liftoff" };

describe.each(Object.entries(TIERS))("compiled by %s", (_tier, flag) => {
  it.each(["simd", "relaxed"])(
    "every op of the build %s is its formula, and lets through what is not finite",
    async (variant) => {
      const found = await ask<{ cases: number; failed: string[] }>("opCases.ts", { variant }, [
        flag,
        "--import",
        "tsx",
      ]);
      expect(found).toEqual({ cases: opCases.length + sharedCases.length, failed: [] });
    },
  );
});

it.each(["simd", "relaxed"])("models of the build %s come to the same bits whatever compiles them", async (variant) => {
  const [liftoff, turboFan] = [await hash({ variant }, ["--liftoff-only"]), await hash({ variant }, ["--no-liftoff"])];
  expect(turboFan.hash).toBe(liftoff.hash);
});
