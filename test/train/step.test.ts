import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { ConfigError, DataError, EngineError } from "../../ts/errors.js";
import { AdamW, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import type { Targets } from "../../ts/nn/heads/index.js";
import { type Packed, pack } from "../../ts/nn/packed.js";
import { IGNORED } from "../../ts/ops/crossEntropy.js";
import { type TrainBatch, TrainStep } from "../../ts/train/index.js";

const config: RoFormerConfigInput = {
  vocab_size: 23,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 12,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
};
const dropping = { ...config, hidden_dropout_prob: 0.3, attention_probs_dropout_prob: 0.2 };
const IDS = [[3, 4, 5, 6], [7], [8, 9, 10, 11, 12, 13], [14, 15]];

/** Sequences `from` … `to`, with a label a token. */
function batchOf(from = 0, to = IDS.length, label = (id: number) => (id % 3 === 0 ? IGNORED : id)): TrainBatch {
  const packed = pack(IDS.slice(from, to));
  return { packed, targets: { tokens: packed.tokens.map(label) } };
}

const SINGLY = IDS.map((_, b) => batchOf(b, b + 1));
const options = { seed: 5, schedule: () => 1e-2 };
let models: RoFormer[] = [];
const make = (own: RoFormerConfigInput = config) => {
  const model = RoFormer.create(own, { head: "masked-lm", seed: 1 });
  models.push(model);
  return model;
};
const valuesOf = (model: RoFormer) => model.parameters().flatMap((parameter) => [...parameter.read()]);
/** Loss, norm and parameters after three steps. */
function train(batch: TrainBatch | readonly TrainBatch[], own?: RoFormerConfigInput) {
  const model = make(own);
  const step = new TrainStep(model, options);
  const found = [1, 2, 3].map(() => step.run(batch));
  step.free();
  return { found, values: valuesOf(model) };
}
const closest = (got: readonly number[], want: readonly number[]) =>
  Math.max(...got.map((x, i) => Math.abs(x - want[i]!)));

beforeEach(() => {
  models = [];
});
afterEach(() => {
  for (const model of models) model.close();
});

describe("a training step", () => {
  it("does with micro-batches what it does with the batch that they make, whatever their numbers of labels", () => {
    const [whole, parts] = [train(batchOf()), train(SINGLY)];
    for (const [i, { loss, gradNorm }] of parts.found.entries()) {
      expect(loss).toBeCloseTo(whole.found[i]!.loss, 5);
      expect(gradNorm / whole.found[i]!.gradNorm).toBeCloseTo(1, 5);
    }
    // AdamW divides by the gradients' size, so that rounding of tiny ones shows.
    expect(closest(parts.values, whole.values)).toBeLessThan(1e-4);
    expect(closest(train(SINGLY.slice(1)).values, whole.values)).toBeGreaterThan(1e-3);
  });

  it("gives the mean over the labels that count, not the mean of means", () => {
    const step = new TrainStep(make(), options);
    const losses = SINGLY.map(({ packed, targets }) => step.model.loss(packed, targets as Targets));
    const counts = SINGLY.map(({ targets }) => (targets as Targets).tokens!.filter((label) => label >= 0).length);
    expect(new Set(counts).size).toBeGreaterThan(2);
    const want = losses.reduce((sum, loss, i) => sum + loss * counts[i]!, 0) / counts.reduce((a, b) => a + b);
    expect(step.run(SINGLY).loss).toBeCloseTo(want, 5);
    step.free();
  });

  it("takes micro-batches without a label, but for a batch without any", () => {
    const none = batchOf(1, 3, () => IGNORED);
    const [whole, parts] = [train([batchOf(0, 1), none]), train(batchOf(0, 1))];
    expect(closest(whole.values, parts.values)).toBeLessThan(1e-4);
    const step = new TrainStep(make(), options);
    const before = valuesOf(step.model as RoFormer);
    for (const empty of [none, [none], [none, none], []]) {
      expect(() => step.run(empty)).toThrow(DataError);
      expect(() => step.run(empty)).toThrow(/^step 1: (no text of its batch has a label|there is no batch)/);
    }
    expect(step.step).toBe(0);
    expect(valuesOf(step.model as RoFormer)).toEqual(before);
    step.free();
  });

  it.each(["masked-lm", "sequence-classification", "token-classification"] as const)(
    "drops in micro-batches what it drops in the whole batch: %s",
    (head) => {
      const label = (packed: Packed, from: number): Targets =>
        head === "sequence-classification"
          ? { sequences: Array.from({ length: packed.offsets.length - 1 }, (_, i) => (from + i) % 2) }
          : { tokens: packed.tokens.map((id) => (id % 3 === 0 ? IGNORED : head === "masked-lm" ? id : id % 2)) };
      const part = (from: number, to: number): TrainBatch => {
        const packed = pack(IDS.slice(from, to));
        return { packed, targets: label(packed, from) };
      };
      const gradients = (batches: readonly TrainBatch[]) => {
        const model = RoFormer.create(dropping, { head, seed: 1 });
        models.push(model);
        let found: Map<string, Float32Array> | undefined;
        const optimizer = () => ({
          step: () => {
            found = new Map(model.store.parameters.map((one) => [one.name, one.gradient().data]));
            return { gradNorm: 0 };
          },
          zeroGrad: () => model.store.zeroGradients(),
          state: () => ({ step: 0, tensors: [] }),
          restore: async () => {},
          free: () => {},
        });
        model.store.requireGradients();
        const step = new TrainStep(model, { ...options, optimizer });
        const { loss } = step.run(batches);
        return { loss, found: found! };
      };
      const cuts = [0, 1, 3, IDS.length];
      const whole = gradients([part(0, IDS.length)]);
      const parts = gradients(cuts.slice(1).map((to, i) => part(cuts[i]!, to)));
      expect(parts.loss).toBeCloseTo(whole.loss, 6);
      for (const [name, want] of whole.found) {
        const largest = want.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
        const got = parts.found.get(name)!;
        for (const [i, x] of want.entries()) expect(Math.abs(got[i]! - x), name).toBeLessThanOrEqual(1e-6 * largest);
      }
      // The rows would draw other numbers in a part by itself.
      expect(gradients([part(1, 3)]).loss).not.toBe(gradients([part(1, 3), part(1, 3)]).loss);
    },
  );

  it("leaves the model as it was where a later micro-batch fails", () => {
    const step = new TrainStep(make(), options);
    const before = valuesOf(step.model as RoFormer);
    const broken = { ...batchOf(), packed: pack([[99]]) };
    expect(() => step.run([batchOf(), broken])).toThrow();
    expect(valuesOf(step.model as RoFormer)).toEqual(before);
    const after = step.run(batchOf());
    expect(after).toEqual(train(batchOf()).found[0]);
    step.free();
  });

  it("takes the gradients of its batch alone, whatever was computed before it", () => {
    const step = new TrainStep(make(), options);
    step.run(batchOf());
    (step.model as RoFormer<"masked-lm">).valueAndGrad({ inputIds: [[3, 4]], labels: [[3, 4]] });
    expect(step.run(batchOf())).toEqual(train(batchOf()).found[1]);
    step.free();
  });

  it("leaves no gradients behind where the rate is wrong, or a gradient not finite", () => {
    const want = train(batchOf()).found[0];
    let rate = Number.NaN;
    const step = new TrainStep(make(), { ...options, schedule: () => rate });
    expect(() => step.run(batchOf())).toThrow("AdamW: lr is NaN, not a number ≥ 0");
    const { lossAndGradients } = step.model;
    step.model.lossAndGradients = (...all) => {
      const loss = lossAndGradients.apply(step.model, all);
      engine().fill(step.model.store.parameters[0]!.gradientSlot, Infinity);
      return loss;
    };
    rate = 1e-2;
    expect(() => step.run(batchOf())).toThrow(EngineError);
    step.model.lossAndGradients = lossAndGradients;
    expect([step.step, step.run(batchOf())]).toEqual([0, want]);
    step.free();
  });

  it("that cannot be made leaves frozen what was, and thawed what was", () => {
    const model = make();
    const isFrozen = (name: string) => name.includes("LayerNorm");
    model.store.freeze(isFrozen);
    const trainable = (name: string) => name.includes("cls");
    const fails = () => {
      throw new Error("no optimizer");
    };
    expect(() => new TrainStep(model, { ...options, trainable, optimizer: fails })).toThrow("no optimizer");
    for (const wrong of [{ schedule: undefined }, { schedule: 1 }, { optimizer: {} }, { recompute: "yes" }])
      expect(() => new TrainStep(model, { ...options, trainable, ...(wrong as object) })).toThrow(ConfigError);
    expect(() => new TrainStep(model, { ...options, trainable: "cls" as never })).toThrow(
      "TrainStep: trainable is cls; expected a function",
    );
    for (const { name, requiresGrad } of model.store.parameters) expect(requiresGrad, name).toBe(!isFrozen(name));
  });

  it("goes on from its state bit for bit, with dropout and random features", async () => {
    const own = { ...dropping, roformer_js: { attention: "performer" } } as const;
    const settings = { ...options, schedule: (n: number) => 1e-2 / (n + 1), featureRedrawInterval: 2 };
    const [whole, before, after] = [0, 0, 0].map(() => new TrainStep(make(own), settings)) as [
      TrainStep,
      TrainStep,
      TrainStep,
    ];
    const want = [1, 2, 3, 4, 5, 6].map(() => whole.run(SINGLY));
    const got = [1, 2, 3, 4].map(() => before.run(SINGLY));
    for (const [i, one] of after.model.store.saved.entries()) one.write(before.model.store.saved[i]!.read());
    await after.restore(before.state());
    expect([after.step, after.lr]).toEqual([4, 1e-2 / 5]);
    expect([...got, after.run(SINGLY), after.run(SINGLY)]).toEqual(want);
    expect(valuesOf(after.model as RoFormer)).toEqual(valuesOf(whole.model as RoFormer));
    for (const step of [whole, before, after]) step.free();
  });

  it("works with any optimizer", () => {
    const rates: (number | undefined)[] = [];
    let freed = 0;
    const { state, restore } = AdamW.prototype;
    const step = new TrainStep(make(), {
      ...options,
      schedule: (n) => n / 10,
      optimizer: ({ store }) => {
        store.requireGradients();
        return {
          step: ({ lr } = {}) => {
            rates.push(lr);
            return { gradNorm: 7 };
          },
          zeroGrad: () => store.zeroGradients(),
          free: () => {
            freed++;
          },
          ...{ state, restore },
        };
      },
    });
    expect([step.run(batchOf()), step.run(batchOf())].map(({ gradNorm }) => gradNorm)).toEqual([7, 7]);
    step.free();
    expect([rates, freed]).toEqual([[0, 0.1], 1]);
  });

  it("names step, batch and rates where the loss is not a number", () => {
    const model = make();
    const step = new TrainStep(model, { ...options, optimizer: (model) => new AdamW(model, { maxGradNorm: 1 }) });
    model.parameters()[0]!.write(new Float32Array(23 * 8).fill(Number.NaN));
    expect(() => step.run(SINGLY)).toThrow(EngineError);
    expect(() => step.run(SINGLY)).toThrow(
      "the loss of step 1 is NaN (4 texts, 13 tokens, learning rates up to 0.0100): lower the learning rate",
    );
    step.free();
  });
});
