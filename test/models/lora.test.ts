import { describe, expect, it } from "vitest";
import { AdamW, memory, RoFormer } from "../../ts/index.js";
import { JoinedLinear, ParameterScope, ParameterStore, scope, tensor } from "../../ts/nn/index.js";
import { Lora } from "../../ts/nn/lora.js";
import { pack } from "../../ts/nn/packed.js";
import { TrainStep } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";
import { logitsOf } from "./logits.js";
import { batch, config, isAdapter, load, make, named, packed, targets, texts, train, values } from "./loraModels.js";

describe("adapters", () => {
  it.each([
    ["roformer.encoder.layer.1.attention.self.query", 16, "sequence-classification"],
    ["roformer.encoder.layer.0.attention.self.value", 16, "sequence-classification"],
    ["roformer.encoder.layer.0.output.dense", 24, "sequence-classification"],
    ["roformer.encoder.layer.0.intermediate.dense", 16, "masked-lm"],
    ["cls.predictions.transform.dense", 16, "masked-lm"],
  ] as const)(
    "of full rank, A the identity, take the first step that training %s takes",
    async (name, inputs, head) => {
      const [whole, adapted] = [make(head), make(head)];
      const start = named(whole, `${name}.weight`).read();
      await adapted.addLora({ r: inputs, loraAlpha: inputs, targetModules: [name] });
      const identity = Float32Array.from({ length: inputs ** 2 }, (_, i) => (i % (inputs + 1) === 0 ? 1 : 0));
      named(adapted, `${name}.lora_A.weight`).write(identity);
      for (const [model, trained] of [
        [whole, `${name}.weight`],
        [adapted, `${name}.lora_B.weight`],
      ] as const) {
        const step = new TrainStep(model, {
          ...{ seed: 0, schedule: () => 0.01, trainable: (one: string) => one === trained },
          optimizer: () => new AdamW(model, { weightDecay: 0 }),
        });
        step.run({ packed, targets: { ...targets, tokens: packed.tokens } });
        step.free();
      }
      const [b, after] = [named(adapted, `${name}.lora_B.weight`).read(), named(whole, `${name}.weight`).read()];
      const moved = after.map((value, i) => value - start[i]!);
      expect(Math.max(...moved.map(Math.abs))).toBeGreaterThan(0.009);
      // The rounding of what was subtracted: 2⁻²⁵ of weights below 0.25.
      for (const [i, value] of b.entries()) expect(Math.abs(value - moved[i]!)).toBeLessThan(1e-8);
    },
  );

  it("change nothing before they are trained, and are drawn as PEFT draws them", async () => {
    const model = make("sequence-classification", { hidden_size: 64, intermediate_size: 256 });
    const before = logitsOf(model, packed);
    await model.addLora({ r: 16, targetModules: "all-linear", seed: 3 });
    expect(logitsOf(model, packed)).toEqual(before);
    const adapters = model.parameters().filter(({ name }) => isAdapter(name));
    expect(adapters.length).toBe(2 * 2 * 6);
    for (const one of adapters) {
      const numbers = one.read();
      if (one.name.includes("lora_B")) {
        expect(Math.max(...numbers.map(Math.abs))).toBe(0);
        continue;
      }
      // kaiming_uniform_ with a = √5: uniform within ±1 / √inputs, of variance bound² / 3.
      const bound = 1 / Math.sqrt(one.shape[1]!);
      const square = numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;
      expect(Math.max(...numbers.map(Math.abs))).toBeLessThanOrEqual(bound);
      expect((3 * square) / bound ** 2).toBeCloseTo(1, 0.7);
      expect(numbers.reduce((sum, x) => sum + x, 0) / numbers.length / bound).toBeCloseTo(0, 1);
    }
    const first = adapters.map((one) => one.read());
    const again = make("sequence-classification", { hidden_size: 64, intermediate_size: 256 });
    await again.addLora({ r: 16, targetModules: "all-linear", seed: 3 });
    expect(
      again
        .parameters()
        .filter(({ name }) => isAdapter(name))
        .map((one) => one.read()),
    ).toEqual(first);
  });

  it("are trained with the head, while the base keeps its bits", async () => {
    const model = make();
    await model.addLora({ r: 4 });
    const before = values(model);
    const losses = train(model, 12);
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    for (const [name, now] of values(model)) {
      const isTrained = isAdapter(name) || name.startsWith("classifier.");
      if (isTrained) expect(now, name).not.toEqual(before.get(name));
      else expect(now, name).toEqual(before.get(name));
    }
  });

  it.each(["none", "lora_only", "all"] as const)("train biases as said: %s", async (bias) => {
    const model = make();
    await model.addLora({ targetModules: ["key"], bias });
    model.store.requireGradients();
    const trained = model.store.trained().map(({ name }) => name);
    const biases = trained.filter((name) => name.endsWith("bias") && !name.startsWith("classifier"));
    const wanted = model
      .parameters()
      .map(({ name }) => name)
      .filter((name) => name.endsWith("bias"));
    const of = {
      none: [],
      lora_only: wanted.filter((name) => name.includes("self.key")),
      all: wanted.filter((name) => !name.startsWith("classifier")),
    };
    expect(biases).toEqual(of[bias]);
  });

  it("give the same gradients in micro-batches, and the same bits when layers are recomputed, with dropout", async () => {
    const steps = await Promise.all(
      [{}, { recompute: true }].map(async (options) => {
        const model = make("sequence-classification", { hidden_dropout_prob: 0.2, attention_probs_dropout_prob: 0.2 });
        await model.addLora({ loraDropout: 0.3, targetModules: ["query", "dense"] });
        return { losses: train(model, 3, options), values: values(model) };
      }),
    );
    expect(steps[1]).toEqual(steps[0]);

    const none = { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
    const [whole, parts] = [make("sequence-classification", none), make("sequence-classification", none)];
    for (const model of [whole, parts]) await model.addLora({ r: 4 });
    train(whole, 1);
    const step = new TrainStep(parts, { seed: 5, schedule: () => 0.05 });
    step.run(texts.map((ids, i) => ({ packed: pack([ids]), targets: { sequences: [targets.sequences[i]!] } })));
    step.free();
    for (const [name, now] of values(parts)) {
      const want = named(whole, name).read();
      // AdamW's first step is the gradient's sign: numbers whose gradient is rounding alone may differ.
      const far = now.filter((value, i) => Math.abs(value - want[i]!) > 1e-4).length;
      expect(far / now.length, name).toBeLessThan(0.02);
    }
  });

  it("drop the input of each adapter by itself, in training alone", async () => {
    const model = make("sequence-classification", { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 });
    await model.addLora({ loraDropout: 0.5 });
    const lossOf = (step: number, on = true) => model.lossAndGradients(packed, targets, { train: on, seed: 1, step });
    expect(lossOf(0)).toBe(lossOf(1)); // B is 0
    train(model, 3);
    expect(lossOf(0)).not.toBe(lossOf(1));
    expect(lossOf(0, false)).toBe(lossOf(1, false));
    model.store.zeroGradients();
  });

  it("need less memory than full training", async () => {
    const wide = { hidden_size: 128, intermediate_size: 512, vocab_size: 500 };
    const used = async (lora: boolean) => {
      const model = RoFormer.create({ ...config, ...wide }, { head: "sequence-classification" });
      if (lora) await model.addLora({ r: 4 });
      const before = memory().used;
      const step = new TrainStep(model, { seed: 0, schedule: () => 0.01 });
      step.run(batch);
      const grown = memory().used - before;
      step.free();
      model.close();
      return grown;
    };
    const [slots, full] = [memory().slots, await used(false)];
    const low = await used(true);
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(0.1 * full);
    expect(memory().slots).toBe(slots);
  });

  it("work on a matrix that holds several projections", () => {
    const store = new ParameterStore();
    const params = new ParameterScope(store, 0.2);
    const qkv = new JoinedLinear(params, "Wqkv", { parts: 3, inputs: 8, outputs: 8 });
    const module = store.linears.get("Wqkv")!;
    store.extend(() => {
      const init = { kind: "uniform", bound: 0.5 } as const;
      module.adapter = new Lora(params.at("Wqkv"), module, { r: 2, scale: 1.5, dropout: 0, init });
    });
    store.allocate();
    store.initialise(4);
    const { a, b } = module.adapter!;
    b.write(Float32Array.from({ length: b.size }, (_, i) => Math.sin(i)));
    const numbers = Float32Array.from({ length: 24 }, (_, i) => Math.cos(i));
    const got = scope(() => qkv.forward(tensor(numbers, [3, 8])).map((part) => part.read()));
    const [w, A, B] = [module.weight.read(), a.read(), b.read()];
    for (const [part, y] of got.entries()) {
      for (let n = 0; n < 3; n++) {
        for (let o = 0; o < 8; o++) {
          const row = 8 * part + o;
          let want = 0;
          for (let i = 0; i < 8; i++) {
            const low = B[2 * row]! * A[i]! + B[2 * row + 1]! * A[8 + i]!;
            want += (w[8 * row + i]! + 1.5 * low) * numbers[8 * n + i]!;
          }
          expect(Math.abs(y[8 * n + o]! - want)).toBeLessThan(1e-5);
        }
      }
    }
    store.free();
  });

  it("are merged into an ordinary model, all of which is trained", async () => {
    const model = make();
    const names = model.parameters().map(({ name }) => name);
    await model.addLora({ r: 4, loraAlpha: 3 });
    train(model, 4);
    const before = logitsOf(model, packed);
    const step = new TrainStep(model, { seed: 0, schedule: () => 0.1 });
    await expect(model.mergeLora()).rejects.toThrow("mergeLora: an optimizer of the model lives");
    step.free();
    await model.mergeLora();
    expect(model.parameters().map(({ name }) => name)).toEqual(names);
    for (const [i, value] of logitsOf(model, packed).entries()) expect(value).toBeCloseTo(before[i]!, 5);
    model.store.requireGradients();
    expect(
      model.store
        .trained()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...names].sort());
    await expect(model.mergeLora()).rejects.toThrow("mergeLora: the model has no adapter");
    await model.addLora();
    train(model, 1);
  });
});

describe("addLora refuses", () => {
  it.each([
    [{ r: 0 }, "addLora: r is 0; expected a whole number from 1"],
    [{ loraDropout: 1 }, "addLora: loraDropout is 1; expected a number from 0 to below 1"],
    [{ bias: "some" }, 'addLora: bias is "some"; expected "none", "all" or "lora_only"'],
    [{ targetModules: [] }, "addLora: targetModules is []; expected"],
    [{ targetModules: ["query", "q_proj"] }, 'addLora: no module is named "q_proj"'],
    [{ targetModules: ".*\\.q_proj" }, 'addLora: no module is named ".*\\\\.q_proj"'],
    [{ targetModules: "(" }, 'addLora: "(" is not a regular expression'],
    [{ targetModules: ["word_embeddings"] }, "names roformer.embeddings.word_embeddings, which is not a linear layer"],
    [{ targetModules: ["attention"] }, "names roformer.encoder.layer.0.attention, which is not a linear layer"],
    [{ targetModules: ["LayerNorm"] }, "LayerNorm, which is not a linear layer"],
    [{ targetModules: ["out_proj"] }, "every module that targetModules names is excluded or trained whole"],
    [{ targetModules: ".*query", layersToTransform: [0] }, "layersToTransform needs a list as targetModules"],
    [{ modulesToSave: ["pooler"] }, 'modulesToSave names "pooler", and no module\'s name ends so'],
    [{ useDora: true }, 'addLora: unknown option "useDora"'],
    [{ rankPattern: { query: 0 } }, 'rankPattern is {"query":0}; expected whole numbers from 1 by names'],
    [{ initLoraWeights: "pissa" }, 'initLoraWeights is "pissa"; expected true or "gaussian"'],
    [{ seed: -1 }, "seed is -1"],
  ])("%j", async (settings, message) => {
    const model = make();
    const before = values(model);
    await expect(model.addLora(settings as object)).rejects.toMatchObject({
      code: "CONFIG_ERROR",
      message: expect.stringContaining(message),
    });
    expect(values(model)).toEqual(before);
    await model.addLora();
  });

  it("a second adapter, int8 weights, a tied decoder, a living optimizer and a closed model", async () => {
    const model = make();
    await model.addLora();
    await expect(model.addLora()).rejects.toThrow("the model has an adapter; merge it first");
    const folder = temporaryFolder();
    const other = make("masked-lm");
    await other.save(folder);
    const int8 = await load(folder, { int8: true });
    await expect(int8.addLora()).rejects.toMatchObject({
      code: "CONFIG_ERROR",
      message: expect.stringContaining("int8"),
    });
    await expect(load(folder, { base: folder })).rejects.toThrow("base is for the folder of an adapter");
    for (const module of ["word_embeddings", "cls", "predictions"])
      await expect(other.addLora({ modulesToSave: [module] })).rejects.toThrow("tied to the word vectors");
    const step = new TrainStep(other, { seed: 0, schedule: () => 0.1 });
    await expect(other.addLora()).rejects.toThrow("an optimizer of the model lives");
    step.free();
    await other.addLora();
    other.close();
    await expect(other.addLora()).rejects.toThrow("the model is closed");
  });
});
