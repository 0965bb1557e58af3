import { beforeAll, describe, expect, it } from "vitest";
import { gradcheck } from "../../ts/autograd/gradcheck.js";
import { engine, engineStatus, init } from "../../ts/engine/engine.js";
import type { Variant } from "../../ts/engine/variants.js";
import { opCases } from "./cases.js";

/** Holds every op of one build of the kernels against its formula. A file of its own each: a realm has one engine. */
export function opsSuite(variant: Variant): void {
  beforeAll(async () => {
    await init({ variant, v8Flags: true });
    engine().set_poison(true);
  });

  describe(`every op, ${variant}`, () => {
    it("runs the build asked for", () => expect(engineStatus().variant).toBe(variant));

    for (const { name, op, reference, shapes, valueTolerance } of opCases) {
      it(`${name}: value and gradients are the formula's, and nothing is left behind`, () => {
        const before = engine().live();
        gradcheck(op, reference, shapes, { ...(valueTolerance && { valueTolerance }) });
        expect(engine().live()).toBe(before);
      });
    }
  });
}
