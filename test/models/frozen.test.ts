import { afterEach, describe, expect, it, vi } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { ConfigError, EngineError } from "../../ts/errors.js";
import { AdamW, type HeadName, memory, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { pack } from "../../ts/nn/packed.js";
import { sizeOf } from "../../ts/tensor/tensor.js";
import { TrainStep } from "../../ts/train/index.js";

const config: RoFormerConfigInput = {
  vocab_size: 31,
  hidden_size: 16,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  intermediate_size: 24,
  num_labels: 3,
};
const packed = pack([
  [3, 4, 5, 6, 7],
  [8, 9],
  [10, 11, 12, 30, 1, 2, 3],
]);
const targets = { sequences: [0, 2, 1], tokens: packed.tokens.map((id, i) => (i % 3 === 0 ? -100 : id % 3)) };
const train = { train: true, seed: 3, step: 4 };

const models: RoFormer[] = [];
function make(head: HeadName = "sequence-classification", own: Partial<RoFormerConfigInput> = {}) {
  const model = RoFormer.create({ ...config, ...own }, { head, seed: 1 });
  models.push(model);
  return model;
}
afterEach(() => {
  vi.restoreAllMocks();
  for (const model of models.splice(0)) model.close();
});

const values = (model: RoFormer) => new Map(model.parameters().map((one) => [one.name, one.read()]));
function gradients(model: RoFormer, recompute = false) {
  const loss = model.lossAndGradients(packed, targets, { ...train, recompute });
  const trained = model.store.parameters.filter(({ gradientSlot }) => gradientSlot !== 0);
  return { loss, of: new Map(trained.map((one) => [one.name, one.gradient().data])) };
}

/** What is frozen, by name. */
const CHOICES: readonly [string, (name: string) => boolean][] = [
  ["all but the head", (name) => !name.startsWith("c")],
  ["the word embeddings", (name) => name.includes("word_embeddings")],
  ["all embeddings", (name) => name.includes("embeddings")],
  ["the lowest layers", (name) => /embeddings|layer\.[01]\./.test(name)],
  ["a layer in the middle", (name) => name.includes("layer.1.")],
  ["the queries", (name) => name.includes("query")],
  ["a key's weight and a value's bias", (name) => /key\.weight|value\.bias/.test(name)],
  ["all but biases", (name) => !name.endsWith("bias")],
  ["all but layer normalizations", (name) => !name.includes("LayerNorm")],
  ["all but the lowest query", (name) => !name.includes("layer.0.attention.self.query.weight")],
];

describe.each(["sequence-classification", "masked-lm", "token-classification"] as const)(
  "with a head for %s",
  (head) => {
    it.each(CHOICES)("and %s frozen, the others' gradients are the same bits, and only they change", (_, frozen) => {
      const own = { ...targets, ...(head === "token-classification" && { tokens: targets.tokens.map((x) => x % 3) }) };
      expect(own).toBeDefined();
      const [whole, part] = [make(head), make(head)];
      part.store.freeze(frozen);
      const optimizer = new AdamW(part, { lr: 0.1 });
      const before = values(part);
      for (const recompute of [false, true]) {
        whole.store.zeroGradients();
        part.store.zeroGradients();
        const [want, got] = [gradients(whole, recompute), gradients(part, recompute)];
        expect(got.loss).toBe(want.loss);
        const names = part.parameters().map(({ name }) => name);
        expect([...got.of.keys()]).toEqual(names.filter((name) => !frozen(name)));
        for (const [name, gradient] of got.of) expect(gradient, name).toEqual(want.of.get(name));
      }
      const norm = Math.hypot(...part.store.trained().flatMap(({ name }) => [...gradientOf(part, name)]));
      expect(optimizer.step().gradNorm / norm).toBeCloseTo(1, 5);
      for (const [name, now] of values(part)) {
        if (frozen(name)) expect(now, name).toEqual(before.get(name));
        else expect(now, name).not.toEqual(before.get(name));
      }
      optimizer.free();
    });
  },
);

const gradientOf = (model: RoFormer, name: string) =>
  model.store.parameters.find((one) => one.name === name)!.gradient().data;

describe("a frozen parameter", () => {
  it("takes no memory for a gradient and for moments", () => {
    const used = (frozen: (name: string) => boolean) => {
      const model = make();
      model.store.freeze(frozen);
      model.lossAndGradients(packed, targets, train); // whatever else the first step makes
      const before = memory();
      const optimizer = new AdamW(model);
      const [moments, numbers] = [memory().used - before.used, model.store.gradientSize];
      optimizer.free();
      model.close();
      return { moments, numbers, before: before.used };
    };
    const start = memory().used;
    const [all, head] = [used(() => false), used((name) => !name.startsWith("classifier"))];
    expect(head.numbers).toBe(16 * 16 + 16 + 16 * 3 + 3);
    const total = make()
      .parameters()
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    expect(all.numbers).toBeGreaterThanOrEqual(total);
    expect(all.moments - head.moments).toBeGreaterThan(2 * 4 * (total - head.numbers));
    expect(all.before - head.before).toBeGreaterThan(4 * (total - head.numbers));
    models.pop()!.close();
    expect(memory().used).toBe(start);
  });

  it("keeps nothing for gradients that nobody wants", () => {
    const held = (frozen: (name: string) => boolean) => {
      const model = make();
      model.store.freeze(frozen);
      model.lossAndGradients(packed, targets, train); // makes what lives on
      const [kernels, before] = [engine(), engine().used_bytes()];
      const crossEntropy = kernels.cross_entropy;
      let most = 0;
      vi.spyOn(kernels, "cross_entropy").mockImplementation((...all) => {
        most = kernels.used_bytes() - before; // all that backward reads is there
        crossEntropy(...all);
      });
      model.lossAndGradients(packed, targets, train);
      vi.restoreAllMocks();
      return most;
    };
    const [all, head] = [held(() => false), held((name) => !name.startsWith("classifier"))];
    const layers = held((name) => /embeddings|layer\.[01]\./.test(name));
    expect(all).toBeGreaterThan(3 * 4 * 14 * (16 * 5 + 24 * 2)); // of each layer, eight kinds of states
    // The last states, three integers a token, and of each of three sequences eight kinds of states at most.
    expect(head).toBeLessThan(4 * 14 * (16 + 3) + 4 * 3 * 16 * 8);
    expect(layers - head).toBeLessThan((all - head) / 2.5);
    expect(held((name) => !name.endsWith("bias"))).toBeLessThan(all);
  });

  it("costs no product of its own, and below the lowest that is trained nothing is computed backward", () => {
    const calls = (frozen: (name: string) => boolean, recompute = false) => {
      const model = make();
      model.store.freeze(frozen);
      const kernels = ["linear_backward_weight", "linear_backward_input", "attention_backward", "linear"] as const;
      const spies = kernels.map((kernel) => vi.spyOn(engine(), kernel));
      model.lossAndGradients(packed, targets, { ...train, recompute });
      const counts = spies.map((spy) => spy.mock.calls.filter((args) => args[7] !== 0).length);
      vi.restoreAllMocks();
      return counts;
    };
    const head = (name: string) => !name.startsWith("classifier");
    // Query, key and value are a call forward and three backward; two dense layers are the classifier.
    expect(calls(() => false)).toEqual([3 * 6 + 2, 3 * 6 + 2, 3, 3 * 4 + 2]);
    expect(calls(head)).toEqual([2, 1, 0, 3 * 4 + 2]);
    expect(calls(head, true)).toEqual([2, 1, 0, 3 * 4 + 2]);
    expect(calls((name) => !name.endsWith("bias"))[0]).toBe(0);
    expect(calls((name) => name.includes("query"))).toEqual([3 * 5 + 2, 3 * 6 + 2, 3, 3 * 4 + 2]);
    const lower = (name: string) => /embeddings|layer\.[01]\./.test(name);
    expect(calls(lower)).toEqual([6 + 2, 3 + 2, 1, 3 * 4 + 2]);
    expect(calls(lower, true)).toEqual([6 + 2, 3 + 2, 1, 3 * 4 + 2 + 4]);
  });

  it("is thawed by the next call, with gradients as if it had never been frozen", () => {
    const [model, other] = [make(), make()];
    model.store.freeze((name) => name.includes("layer"));
    gradients(model);
    model.store.freeze(() => false);
    expect(gradients(model)).toEqual(gradients(other));
    model.store.freeze(() => false); // nothing changes: gradients stay
    expect(model.store.gradients).not.toBe(0);
  });

  it("cannot be all there is, nor come or go while an optimizer lives", () => {
    const model = make();
    expect(() => model.store.freeze(() => true)).toThrow(ConfigError);
    expect(() => model.store.freeze(() => true)).toThrow(
      `freeze: all ${model.parameters().length} parameters are frozen, so there is nothing to train`,
    );
    const options = { seed: 0, schedule: () => 1e-3 };
    expect(() => new TrainStep(model, { ...options, trainable: () => false })).toThrow(/^freeze: all \d+ parameters/);
    const step = new TrainStep(model, { ...options, trainable: (name) => name.startsWith("classifier") });
    expect(() => model.store.freeze(() => false)).toThrow(EngineError);
    expect(() => model.store.freeze(() => false)).toThrow(/^freeze: an optimizer of the model lives/);
    const before = values(model);
    step.run({ packed, targets });
    for (const [name, now] of values(model))
      expect(
        [...now].every((x, i) => x === before.get(name)![i]),
        name,
      ).toBe(!name.startsWith("classifier"));
    step.free();
    model.store.freeze(() => false);
    expect(gradients(model).of.size).toBe(model.parameters().length);
  });

  it("has no gradient in what valueAndGrad gives", () => {
    const model = make();
    model.store.freeze((name) => name.includes("LayerNorm"));
    const { gradients } = model.valueAndGrad({ inputIds: [[1, 2]], labels: [1] });
    expect([...gradients.keys()]).toEqual(
      model
        .parameters()
        .map(({ name }) => name)
        .filter((name) => !name.includes("LayerNorm")),
    );
  });
});
