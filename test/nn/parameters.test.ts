import { describe, expect, it } from "vitest";
import { AdamW, memory, RoFormer } from "../../ts/index.js";
import { ParameterScope, ParameterStore } from "../../ts/nn/parameters.js";

const config = { vocab_size: 11, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 12 };

describe("the store of a model that is closed", () => {
  it("makes no memory for gradients, which nobody would free", () => {
    const before = memory();
    const model = RoFormer.create(config, { head: "masked-lm" });
    const { store } = model;
    store.requireGradients();
    model.close();
    for (const call of [() => store.requireGradients(), () => new AdamW({ store })])
      expect(call).toThrow(expect.objectContaining({ code: "ENGINE_ERROR", reason: "closed" }));
    expect(memory().slots).toBe(before.slots);
    expect(memory().used).toBe(before.used);
  });
});

describe("a store of parameters", () => {
  it("makes its memory once, after the last declaration", () => {
    const before = memory().slots;
    const store = new ParameterStore();
    const params = new ParameterScope(store, 0.02);
    const weight = params.weight("weight", [2, 3]);
    expect(() => store.requireGradients()).toThrow(/^the parameters have no memory/);
    store.allocate();
    store.initialise(1);
    const values = weight.read();
    expect(() => store.allocate()).toThrow("allocate: the memory of the parameters is made already");
    expect(() => params.weight("late", [2, 3])).toThrow("parameter late: the memory of the parameters is made already");
    expect(() => params.buffer("drawn", [2], () => new Float32Array(2))).toThrow(/^parameter drawn: /);
    expect(store.parameters).toEqual([weight]);
    expect(weight.read()).toEqual(values);
    store.free();
    expect(memory().slots).toBe(before);
  });
});
