import { beforeAll, describe, expect, it } from "vitest";
import { gradcheck } from "../../ts/autograd/gradcheck.js";
import { engine } from "../../ts/engine/engine.js";
import { opCases } from "./cases.js";

beforeAll(() => engine().set_poison(true));

describe("every op", () => {
  for (const { name, op, reference, shapes, valueTolerance } of opCases) {
    it(`${name}: value and gradients are the formula's, and nothing is left behind`, () => {
      const before = engine().live();
      gradcheck(op, reference, shapes, { ...(valueTolerance && { valueTolerance }) });
      expect(engine().live()).toBe(before);
    });
  }
});
