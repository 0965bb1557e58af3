import { beforeAll, describe, expect, it, vi } from "vitest";
import { engine, engineStatus, init } from "../../ts/engine/engine.js";
import type { Variant } from "../../ts/engine/wasm/variants.js";
import { gradcheck } from "../../ts/nn/gradcheck.js";
import { withoutThreads } from "../threaded.js";
import { opCases } from "./cases.js";
import { sharedCases } from "./sharedCases.js";

/** Holds every op of one build of the kernels against its formula. A file of its own each: a realm has one engine. */
export function opsSuite(variant: Variant, threads = 1): void {
  const name = `every op, ${variant}, threads: ${threads}`;
  // One line, not one for each op.
  if (threads > 1 && withoutThreads) {
    it(name, (ctx) => ctx.skip(withoutThreads));
    return;
  }

  beforeAll(async () => {
    await init({ variant, threads, v8Flags: true });
    engine().set_poison(true);
    if (threads > 1) await shareAll(threads);
  });

  describe(name, () => {
    it("runs the build asked for", () => expect(engineStatus()).toMatchObject({ variant, threads }));

    for (const { name, op, reference, shapes, valueTolerance } of [...opCases, ...sharedCases]) {
      it(`${name}: value and gradients are the formula's, and nothing is left behind`, () => {
        const before = engine().live();
        gradcheck(op, reference, shapes, { ...(valueTolerance && { valueTolerance }) });
        expect(engine().live()).toBe(before);
      });
    }
  });
}

/** Waits for the threads; from then on every job that has two items is shared, however small. */
async function shareAll(threads: number): Promise<void> {
  engine().team_configure(threads, 10_000, 100, 0);
  const itemPolls = 2_000_000; // about a millisecond: time for every thread to get a turn
  await vi.waitFor(() => expect(engine().team_fork(8 * threads, 2 ** 31, itemPolls)).toBe(threads), 20_000);
}
