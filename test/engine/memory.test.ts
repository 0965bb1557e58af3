import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { AdamW, EngineError, memory, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { pack } from "../../ts/nn/packed.js";
import { activation } from "../../ts/ops/activation.js";
import { Philox } from "../../ts/random/philox.js";
import { scope } from "../../ts/tensor/scope.js";
import { zeros } from "../../ts/tensor/tensor.js";
import { TrainStep } from "../../ts/train/index.js";
import { logitsOf } from "../models/logits.js";

const config: RoFormerConfigInput = {
  vocab_size: 500,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 512,
};
const NO_MEMORY = /^out of memory: .+ needs \d+ MiB, \d+ MiB of \d+ MiB in use$/;
const MIB = 2 ** 20;

/** Texts of random ids with the given lengths, all of whose tokens are labels. */
function batch(lengths: readonly number[], seed = 1) {
  const random = new Philox(seed, 93);
  const packed = pack(lengths.map((length) => Array.from({ length }, () => 1 + random.below(499))));
  return { packed, targets: { tokens: packed.tokens } };
}

const small = batch([5, 9]);
const large = batch([300, 301, 299]);

beforeAll(() => engine().set_poison(true));
afterEach(() => engine().set_limit(Number.POSITIVE_INFINITY));

describe("memory", () => {
  it("says what is used, at most so far, at most at all, and how large the module's memory is", () => {
    const before = memory();
    // All that a module can address, less what its threads need.
    expect(before.limit).toBeLessThanOrEqual(2 ** 32);
    expect(before.limit).toBeGreaterThan(2 ** 32 - 16 * MIB);
    scope(() => {
      const tensors = [zeros([MIB]), zeros([3, 5])];
      expect(memory().used - before.used).toBe(4 * MIB + 4 * 15);
      expect(memory().slots - before.slots).toBe(tensors.length);
    });
    const { used, peak, total, slots } = memory();
    expect([used, slots]).toEqual([before.used, before.slots]);
    expect(peak).toBeGreaterThanOrEqual(used + 4 * MIB);
    expect(total).toBeGreaterThanOrEqual(peak);
  });

  it("is refused beyond its limit, to whom, of which shape and how much being said", () => {
    scope(() => {
      const x = zeros([1024, 512]);
      const { used } = memory();
      engine().set_limit(used + MIB);
      expect(memory().limit).toBe(used + MIB);
      const [now, most] = [Math.ceil(used / MIB), Math.ceil(used / MIB + 1)];
      const message = `out of memory: activation: y [1024, 512] needs 2 MiB, ${now} MiB of ${most} MiB in use`;
      expect(() => activation(x, "gelu")).toThrow(new EngineError(message, { reason: "out-of-memory" }));
      expect(() => zeros([2 ** 20, 2 ** 20])).toThrow(
        /^out of memory: a tensor \[1048576, 1048576\] needs 4194304 MiB/,
      );
    });
  });

  it("that runs out in a forward pass is an error after which the model works as before", () => {
    const model = RoFormer.create(config, { head: "masked-lm", seed: 1 });
    logitsOf(model, large.packed); // the table of rotations is as long from here on
    const want = logitsOf(model, small.packed);
    const before = memory();
    engine().set_limit(before.used + MIB);
    for (let i = 0; i < 3; i++) {
      expect(() => logitsOf(model, large.packed)).toThrow(NO_MEMORY);
      expect(() => logitsOf(model, large.packed)).toThrow(EngineError);
      expect(memory().slots).toBe(before.slots);
      expect([...logitsOf(model, small.packed)]).toEqual([...want]);
    }
    model.close();
  });

  it.each([false, true])(
    "that runs out anywhere in a step changes nothing, and training goes on (recompute: %s)",
    (recompute) => {
      const train = (interrupt: boolean) => {
        const model = RoFormer.create(config, { head: "masked-lm", seed: 1 });
        const trainer = new TrainStep(model, { seed: 1, schedule: () => 1e-3, recompute });
        logitsOf(model, large.packed);
        trainer.run(small); // and the table of rotations: what lives on, with gradients and working memory
        const before = memory();
        let refused = 0;
        for (let room = 2 ** 16; interrupt && room < 2 ** 26; room *= 1.05) {
          engine().set_limit(before.used + room);
          try {
            trainer.run(large);
            break;
          } catch (error) {
            expect((error as Error).message).toMatch(NO_MEMORY);
            refused++;
          }
          expect(memory().slots).toBe(before.slots);
          expect(engine().sum_of_squares(model.store.gradients)).toBe(0);
        }
        engine().set_limit(Number.POSITIVE_INFINITY);
        if (interrupt)
          expect(trainer.step).toBe(2); // in the end there was room for the large batch
        else trainer.run(large);
        const { loss } = trainer.run(small);
        trainer.free();
        model.close();
        return { loss, refused };
      };
      const interrupted = train(true);
      expect(interrupted.refused).toBeGreaterThan(20);
      expect(interrupted.loss).toBe(train(false).loss);
    },
  );

  it("is not asked for more after the first step of a shape", () => {
    const model = RoFormer.create(config, { head: "masked-lm", seed: 1 });
    const optimizer = new AdamW(model);
    const totals = Array.from({ length: 10 }, (_, step) => {
      model.lossAndGradients(large.packed, large.targets, { train: true, step });
      optimizer.step();
      return memory().total;
    });
    expect(new Set(totals).size).toBe(1);
    optimizer.free();
    model.close();
  });

  it("is not asked for more after a first epoch of batches of all lengths, in whatever order the next ones come", () => {
    const model = RoFormer.create(config, { head: "masked-lm", seed: 1 });
    const optimizer = new AdamW(model);
    const random = new Philox(5, 94);
    const batches = Array.from({ length: 12 }, (_, i) => {
      const lengths = Array.from({ length: 2 + random.below(6) }, () => 1 + random.below(200));
      return batch(lengths, i);
    });
    const epoch = (order: number[]) => {
      for (const [step, i] of order.entries()) {
        model.lossAndGradients(batches[i]!.packed, batches[i]!.targets, { train: true, step });
        optimizer.step();
      }
      return memory().total;
    };
    const order = batches.map((_, i) => i);
    const first = epoch(order);
    for (let n = 0; n < 5; n++) {
      order.sort(() => random.uniform() - 0.5);
      expect(epoch(order)).toBe(first);
    }
    optimizer.free();
    model.close();
  });
});
