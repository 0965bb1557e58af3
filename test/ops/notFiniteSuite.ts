import { beforeAll, describe, expect, it } from "vitest";
import { engine, init } from "../../ts/engine/engine.js";
import { attention } from "../../ts/ops/attention.js";
import { integers } from "../../ts/tensor/tensor.js";
import { type OpCase, opCases } from "./cases.js";
import { differences, inputsOf, SPECIAL, value, withSpecial } from "./notFinite.js";
import { sharedCases } from "./sharedCases.js";

/** The attention of three sequences of 3, 40 and 5 tokens, 2 heads of 6. */
const sequences = (mask: { causal?: boolean; window?: number }) => ({
  op: (...[q, k, v]: Parameters<OpCase["op"]>) =>
    attention(q!, k!, v!, { heads: 2, queryOffsets: integers(Int32Array.of(0, 3, 43, 48)), ...mask }),
  shapes: [0, 1, 2].map(() => [48, 12]),
});

/** Whether what is not finite goes where it must, and nowhere else, in one build of the kernels. */
export function notFiniteSuite(variant: "simd" | "relaxed"): void {
  beforeAll(async () => {
    await init({ variant, v8Flags: true });
    engine().set_poison(true);
  });

  describe(`NaN and infinity, ${variant}`, () => {
    for (const one of [...opCases, ...sharedCases]) {
      it(`${one.name}: come through as the formula has it, and change nothing else`, () => {
        expect([...differences(one)]).toEqual([]);
      });
    }

    for (const mask of [{}, { causal: true }, { window: 2 }]) {
      it(`in a sequence are no other sequence's: attention ${Object.keys(mask).join()}`, () => {
        const one = sequences(mask);
        const clean = value(one, inputsOf(one));
        for (const input of [0, 1, 2]) {
          for (const special of SPECIAL) {
            const got = value(one, withSpecial(inputsOf(one), input, 12 * 20 + 5, special));
            for (const [from, to] of [
              [0, 36],
              [43 * 12, 48 * 12],
            ])
              expect([...got.slice(from, to)]).toEqual([...clean.slice(from, to)]);
            expect(got.slice(36, 43 * 12).some((x) => !Number.isFinite(x))).toBe(true);
          }
        }
      });
    }
  });
}
