import { afterEach, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { CheckpointError, ConfigError, EngineError } from "../../ts/errors.js";
import { AdamW, type AdamWOptions, memory, type OptimizerState, RoFormer, type StateTensor } from "../../ts/index.js";
import { pack } from "../../ts/nn/packed.js";
import { layerDecay } from "../../ts/optim/schedules.js";
import type { Parameter } from "../../ts/tensor/parameter.js";

const config = {
  vocab_size: 11,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 12,
  num_labels: 3,
};
const packed = pack([
  [1, 2, 3, 4],
  [5, 6],
]);
const targets = { sequences: [0, 2] };

const models: RoFormer[] = [];
function make(frozen?: (name: string) => boolean) {
  const model = RoFormer.create(config, { head: "sequence-classification", seed: 1 });
  if (frozen) model.store.freeze(frozen);
  models.push(model);
  return model;
}
afterEach(() => {
  for (const model of models.splice(0)) model.close();
});

const learn = (model: RoFormer, step: number) =>
  model.lossAndGradients(packed, targets, { train: true, seed: 7, step });
const values = (model: RoFormer) => model.parameters().flatMap((parameter) => [...parameter.read()]);
const names = (model: RoFormer) => model.parameters().map(({ name }) => name);

/** PyTorch's AdamW of one parameter in f64, by Loshchilov & Hutter's algorithm 2. */
class Reference {
  readonly p: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
  private t = 0;

  constructor(p: Float32Array) {
    this.p = Float64Array.from(p);
    [this.m, this.v] = [new Float64Array(p.length), new Float64Array(p.length)];
  }

  step(gradient: Float64Array, lr: number, weightDecay: number): void {
    const t = ++this.t;
    for (const [i, g] of gradient.entries()) {
      this.m[i] = 0.8 * this.m[i]! + 0.2 * g;
      this.v[i] = 0.95 * this.v[i]! + 0.05 * g * g;
      const [m, v] = [this.m[i]! / (1 - 0.8 ** t), this.v[i]! / (1 - 0.95 ** t)];
      this.p[i] = this.p[i]! * (1 - lr * weightDecay) - (lr * m) / (Math.sqrt(v) + 1e-3);
    }
  }
}

/** The largest difference to the reference after five steps, and the norms that both find. */
function compare(model: RoFormer, options: AdamWOptions, scaleOf: (name: string) => number): number {
  const settings = { lr: 0.05, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.3, maxGradNorm: 0.05 } as const;
  const optimizer = new AdamW(model, { ...settings, ...options });
  const { noDecay = ["bias", "LayerNorm.weight"] } = options;
  const trained = model.store.parameters.filter(({ requiresGrad }) => requiresGrad);
  const references = new Map(trained.map((one) => [one, new Reference(one.read())] as const));
  for (let step = 0; step < 5; step++) {
    learn(model, step);
    const own = new Map(trained.map((one) => [one, Float64Array.from(one.gradient().data)] as const));
    const norm = Math.sqrt([...own.values()].flatMap((g) => [...g]).reduce((sum, g) => sum + g * g, 0));
    expect(norm).toBeGreaterThan(0.05);
    const clip = 0.05 / (norm + 1e-6);
    const { gradNorm } = optimizer.step();
    expect(gradNorm / norm).toBeCloseTo(1, 5);
    for (const [parameter, reference] of references) {
      const decay = noDecay.some((end) => parameter.name.endsWith(end)) ? 0 : 0.3;
      const scaled = own.get(parameter)!.map((g) => g * clip);
      reference.step(scaled, 0.05 * scaleOf(parameter.name), decay);
    }
  }
  const off = ([parameter, { p }]: readonly [Parameter, Reference]) =>
    Math.max(...parameter.read().map((x, i) => Math.abs(x - p[i]!)));
  const worst = Math.max(...[...references].map(off));
  optimizer.free();
  return worst;
}

describe("AdamW", () => {
  it("makes the steps of the f64 formula, with decay, clipping and a rate for all", () => {
    expect(compare(make(), {}, () => 1)).toBeLessThan(2e-6);
    expect(compare(make(), {}, () => 1.01)).toBeGreaterThan(1e-4);
    expect(compare(make(), { noDecay: [] }, () => 1)).toBeLessThan(2e-6);
    expect(compare(make(), { noDecay: ["query.weight"] }, () => 1)).toBeLessThan(2e-6);
  });

  it("scales each parameter's rate, by a map or a function, and its decay with it", () => {
    const scales = layerDecay(names(make()), { numHiddenLayers: 2, decay: 0.6 });
    expect(new Set(scales.values()).size).toBe(4);
    const scaleOf = (name: string) => scales.get(name)!;
    expect(compare(make(), { lrScales: scales }, scaleOf)).toBeLessThan(2e-6);
    expect(compare(make(), { lrScales: scaleOf }, scaleOf)).toBeLessThan(2e-6);
    expect(compare(make(), {}, scaleOf)).toBeGreaterThan(1e-3);
    const few = new Map([["classifier.out_proj.weight", 3]]);
    expect(compare(make(), { lrScales: few }, (name) => few.get(name) ?? 1)).toBeLessThan(2e-6);
  });

  it("leaves a parameter as it is at scale 0", () => {
    const model = make();
    const before = new Map(model.parameters().map((one) => [one.name, one.read()]));
    const still = (name: string) => name.includes("layer.0");
    expect(compare(model, { lrScales: (name) => (still(name) ? 0 : 1) }, (name) => (still(name) ? 0 : 1))).toBeLessThan(
      2e-6,
    );
    for (const one of model.parameters())
      expect(
        [...one.read()].every((x, i) => x === before.get(one.name)![i]),
        one.name,
      ).toBe(still(one.name));
  });

  it("clips by the gradients of what is trained, which it scales and decays as if nothing were frozen", () => {
    const frozen = (name: string) => /embeddings|query|layer\.1\.output/.test(name);
    const scaleOf = (name: string) => (name.includes("layer.0") ? 0.5 : 2);
    expect(compare(make(frozen), { lrScales: scaleOf }, scaleOf)).toBeLessThan(2e-6);
    const scales = layerDecay(names(make()), { numHiddenLayers: 2, decay: 0.6 }); // names what is frozen, too
    expect(compare(make(frozen), { lrScales: scales }, (name) => scales.get(name)!)).toBeLessThan(2e-6);
  });

  it("refuses scales that are not numbers from 0, or of no parameter", () => {
    const model = make();
    const before = memory();
    for (const [lrScales, message] of [
      [new Map([["classifier.weight", 1]]), /^AdamW: lrScales names classifier\.weight, which is not a parameter/],
      [() => -1, /^AdamW: the scale of the rate of roformer\S+ is -1; expected a number ≥ 0/],
      [() => Number.NaN, /is NaN; expected/],
      [() => Infinity, /is Infinity; expected/],
      [{ a: 1 }, /^AdamW: lrScales is \[object Object\], not a Map/],
    ] as const) {
      expect(() => new AdamW(model, { lrScales: lrScales as never })).toThrow(ConfigError);
      expect(() => new AdamW(model, { lrScales: lrScales as never })).toThrow(message);
    }
    expect(memory()).toEqual(before);
  });

  it("refuses what is not a number that 32 bits hold, of which a step would make parameters that are not numbers", () => {
    const model = make();
    for (const wrong of ["0.1", null, Number.NaN, Infinity, 1e39, -1, [1]]) {
      for (const name of ["lr", "eps", "weightDecay"])
        expect(() => new AdamW(model, { [name]: wrong as never }), name).toThrow(
          `AdamW: ${name} is ${wrong}, not a number`,
        );
      expect(() => new AdamW(model, { betas: [wrong as never, 0.9] })).toThrow(/^AdamW: betas is/);
      expect(() => new AdamW(model, { lrScales: () => wrong as never })).toThrow(/^AdamW: the scale of the rate of/);
      const optimizer = new AdamW(model);
      expect(() => optimizer.step({ lr: wrong as never })).toThrow(ConfigError);
      optimizer.free();
    }
    for (const wrong of ["1", null, 0, [3]])
      expect(() => new AdamW(model, { maxGradNorm: wrong as never })).toThrow(/^AdamW: maxGradNorm is/);
    for (const wrong of ["bias", [3], [/bias/]])
      expect(() => new AdamW(model, { noDecay: wrong as never })).toThrow(/^AdamW: noDecay is/);
  });

  it.each([Infinity, Number.NaN])("makes no step with a gradient of %d", (gradient) => {
    const model = make();
    const optimizer = new AdamW(model, { maxGradNorm: 1 });
    const before = values(model);
    learn(model, 0);
    engine().fill(model.store.parameters[3]!.gradientSlot, gradient);
    expect(() => optimizer.step()).toThrow(EngineError);
    expect(() => optimizer.step()).toThrow(/^AdamW\.step: the norm of the gradients is (Infinity|NaN): lower/);
    expect(values(model)).toEqual(before);
    expect(entriesOf(optimizer.state()).every(({ data }) => data.every((x) => x === 0))).toBe(true);
    optimizer.free();
  });

  it("says after its end, and after its model's, that it is closed", async () => {
    const [model, other] = [make(), make()];
    const [freed, closed] = [new AdamW(model), new AdamW(other)];
    const { tensors } = freed.state();
    freed.free();
    other.close();
    for (const call of [() => freed.step(), () => tensors[0]!.read(), () => closed.step()])
      expect(call).toThrow(expect.objectContaining({ code: "ENGINE_ERROR", reason: "closed" }));
    await expect(freed.restore({ step: 0, tensors })).rejects.toMatchObject({ code: "ENGINE_ERROR", reason: "closed" });
    closed.free();
  });
});

const entriesOf = ({ tensors }: OptimizerState) =>
  tensors.map(({ name, shape, read }): StateTensor & { data: Float32Array } => {
    const data = read() as Float32Array;
    return { name, shape, data, read: () => data };
  });

describe("an optimizer's state", () => {
  const frozen = (name: string) => name.includes("embeddings") || name.includes("key");

  it.each([
    ["all", undefined],
    ["a part", frozen],
  ])("goes on bit for bit where %s is trained", async (_, choice) => {
    const [whole, first] = [make(choice), make(choice)];
    const [long, short] = [new AdamW(whole), new AdamW(first)];
    for (let step = 0; step < 6; step++) {
      learn(whole, step);
      long.step();
      if (step >= 3) continue;
      learn(first, step);
      short.step();
    }
    const state = short.state();
    const saved = { step: state.step, tensors: entriesOf(state) };
    const second = make(choice);
    for (const [i, one] of second.parameters().entries()) one.write(first.parameters()[i]!.read());
    const going = new AdamW(second);
    await going.restore(saved);
    expect(saved.step).toBe(3);
    for (let step = 3; step < 6; step++) {
      learn(second, step);
      going.step();
    }
    expect(values(second)).toEqual(values(whole));
    const moments = (optimizer: AdamW) => new Map(entriesOf(optimizer.state()).map(({ name, data }) => [name, data]));
    expect(moments(going)).toEqual(moments(long));
    for (const one of [long, short, going]) one.free();
  });

  it("has PyTorch's names and moments, of what is trained alone, and copies one when it is read", () => {
    const model = make(frozen);
    const optimizer = new AdamW(model, { betas: [0.9, 0.99] });
    learn(model, 0);
    const gradients = new Map(model.store.parameters.map((one) => [one.name, one.requiresGrad && one.gradient().data]));
    const { tensors } = optimizer.state();
    optimizer.step();
    expect(tensors.map(({ name }) => name)).toEqual(
      names(model).flatMap((name) => (frozen(name) ? [] : [`${name}.exp_avg`, `${name}.exp_avg_sq`])),
    );
    for (const { name, shape, read } of tensors) {
      const [, parameter, which] = /^(.*)\.(exp_avg(?:_sq)?)$/.exec(name)!;
      const own = model.parameters().find((one) => one.name === parameter)!;
      expect(shape).toEqual(own.shape);
      const want = (gradients.get(parameter!) as Float32Array).map((g) =>
        which === "exp_avg" ? 0.1 * g : 0.01 * g * g,
      );
      const got = read() as Float32Array;
      expect(Math.max(...got.map((x, i) => Math.abs(x - want[i]!)))).toBeLessThan(1e-6);
      expect(Math.max(...want.map(Math.abs))).toBeGreaterThan(0);
    }
    optimizer.free();
    expect(() => tensors[0]!.read()).toThrow();
  });

  it("is refused by name where it does not fit, and then nothing changes", async () => {
    const model = make();
    const optimizer = new AdamW(model);
    learn(model, 0);
    optimizer.step();
    const before = entriesOf(optimizer.state());
    const [a, b, ...rest] = before as StateTensor[] as [StateTensor, StateTensor, ...StateTensor[]];
    const other = { name: "x.exp_avg", shape: [1], read: () => Float32Array.of(1) };
    const flat = { ...a, shape: [88] };
    const what = "AdamW.restore: the state does not fit the parameters that are trained.";
    for (const [state, message] of [
      [{ step: 1, tensors: [a, ...rest] }, `${what} Missing: ${b.name}.`],
      [{ step: 1, tensors: [...before, other] }, `${what} Unexpected: x.exp_avg.`],
      [{ step: 1, tensors: [...before, b] }, `${what} Twice: ${b.name}.`],
      [{ step: 1, tensors: [flat, b, ...rest] }, `${what} Wrong shapes: ${a.name} is [88], not [11, 8].`],
      [{ step: -1, tensors: before }, "AdamW.restore: the state's step is -1; expected a whole number from 0"],
      [{ step: 0.5, tensors: before }, "AdamW.restore: the state's step is 0.5; expected a whole number from 0"],
    ] as const) {
      await expect(optimizer.restore(state)).rejects.toThrow(CheckpointError);
      await expect(optimizer.restore(state)).rejects.toThrow(message);
    }
    for (const state of [
      undefined,
      null,
      {},
      { step: 1 },
      { step: 1, tensors: [null] },
      { step: 1, tensors: [{ name: a.name }] },
    ])
      await expect(optimizer.restore(state as never)).rejects.toThrow(CheckpointError);
    // The kernel counts steps in 31 bits.
    await expect(optimizer.restore({ step: 2 ** 31 - 1, tensors: before })).rejects.toThrow(
      "step is 2147483647; expected",
    );
    await expect(optimizer.restore({ step: 1, tensors: [] })).rejects.toThrow(/; and \d+ more\.$/);
    const short = { ...a, read: () => Float32Array.of(1) };
    const wrong = `AdamW.restore: ${a.name} has 1 numbers; expected 88`;
    await expect(optimizer.restore({ step: 1, tensors: [short, b, ...rest] })).rejects.toThrow(wrong);
    expect(optimizer.state().step).toBe(1);
    expect(entriesOf(optimizer.state()).map(({ data }) => data)).toEqual(before.map(({ data }) => data));
    optimizer.free();
  });

  it.each([
    ["that made steps", true],
    ["that made none", false],
  ])("leaves an optimizer %s as it was where a later tensor is cut or cannot be read", async (_, steps) => {
    const model = make();
    const optimizer = new AdamW(model);
    learn(model, 0);
    if (steps) optimizer.step();
    const before = entriesOf(optimizer.state());
    const last = before.length - 1;
    const cut = () => Float32Array.of(1);
    const gone = () => Promise.reject(new Error("the file is gone"));
    for (const [wrong, message] of [
      [cut, /has 1 numbers; expected/],
      [gone, "the file is gone"],
    ] as const) {
      const read = ({ data }: { data: Float32Array }) => data.map(() => 7);
      const tensors = before.map((one, i) => ({ ...one, read: i === last ? wrong : () => read(one) }));
      await expect(optimizer.restore({ step: 5, tensors })).rejects.toThrow(message);
      expect(entriesOf(optimizer.state()).map(({ data }) => data)).toEqual(before.map(({ data }) => data));
      expect(optimizer.state().step).toBe(Number(steps));
    }
    optimizer.free();
  });

  it("is restored by one call at a time, which nothing gets in between", async () => {
    const model = make();
    const optimizer = new AdamW(model);
    const state = () => ({
      step: 2,
      tensors: optimizer
        .state()
        .tensors.map((one) => ({ ...one, read: async () => new Float32Array(await one.read()) })),
    });
    const first = optimizer.restore(state());
    expect(() => optimizer.step()).toThrow("AdamW.step: restore has not ended: await it first");
    await expect(optimizer.restore(state())).rejects.toThrow("AdamW.restore: restore has not ended");
    await first;
    expect(optimizer.state().step).toBe(2);
    learn(model, 0);
    optimizer.step();
    const second = optimizer.restore(state());
    optimizer.free();
    const other = make();
    const before = values(other);
    await expect(second).rejects.toMatchObject({ code: "ENGINE_ERROR", reason: "closed" });
    expect(values(other)).toEqual(before);
  });

  it("of a model with other frozen parameters is refused by their names", async () => {
    const [part, whole] = [new AdamW(make((name) => name.endsWith("LayerNorm.bias"))), new AdamW(make())];
    await expect(whole.restore(part.state())).rejects.toThrow(
      /Missing: roformer\.embeddings\.LayerNorm\.bias\.exp_avg; .*exp_avg_sq; /,
    );
    await expect(part.restore(whole.state())).rejects.toThrow(
      /Unexpected: roformer\.embeddings\.LayerNorm\.bias\.exp_avg; /,
    );
    for (const one of [part, whole]) one.free();
  });

  it("may come from a promise, and needs no memory of the engine", async () => {
    const optimizer = new AdamW(make());
    const used = engine().used_bytes();
    const tensors = optimizer.state().tensors.map((one) => ({
      ...one,
      read: async () => new Float32Array(await one.read()).fill(0.5),
    }));
    await optimizer.restore({ step: 9, tensors });
    expect(optimizer.state().step).toBe(9);
    expect(entriesOf(optimizer.state()).every(({ data }) => data.every((x) => x === 0.5))).toBe(true);
    expect(engine().used_bytes()).toBe(used);
    optimizer.free();
  });
});
