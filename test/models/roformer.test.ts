import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { AdamW, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { pack } from "../../ts/nn/packed.js";
import { Philox } from "../../ts/random/philox.js";
import { logitsOf } from "./logits.js";

const config: RoFormerConfigInput = {
  vocab_size: 60,
  embedding_size: 20,
  hidden_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 40,
  max_position_embeddings: 64,
  initializer_range: 0.3,
};

/** Sequences of random ids with the given lengths. */
function sequences(lengths: readonly number[], seed = 1): number[][] {
  const random = new Philox(seed, 90);
  return lengths.map((length) => Array.from({ length }, () => 1 + random.below(59)));
}

beforeAll(() => engine().set_poison(true));

describe("RoFormer", () => {
  it("gives a text the same bits alone and in a batch of seven, outputs and gradients of its own loss", () => {
    const model = RoFormer.create(config, { head: "sequence-classification", seed: 3 });
    const texts = sequences([1, 33, 2, 70, 64, 5, 31]);
    const together = logitsOf(model, pack(texts));
    for (const [b, ids] of texts.entries()) {
      const alone = logitsOf(model, pack([ids]));
      expect([...together.slice(2 * b, 2 * b + 2)]).toEqual([...alone]);
    }
    model.close();
  });

  it("gives padding no say", () => {
    const model = RoFormer.create(config, { head: "masked-lm", seed: 3 });
    const [ids] = sequences([5]) as [number[]];
    const plain = model.forward({ inputIds: [ids] }).logits!.data;
    const padded = model.forward({ inputIds: [[...ids, 9, 9]], attentionMask: [[1, 1, 1, 1, 1, 0, 0]] }).logits!;
    expect([...padded.data.subarray(0, plain.length)]).toEqual([...plain]);
    expect(padded.data.subarray(plain.length).every((x) => x === 0)).toBe(true);
    model.close();
  });

  it("knows distances, not places: shifting all positions changes nothing but rounding", () => {
    const model = RoFormer.create(config, { seed: 3 });
    const inputIds = sequences([12]);
    const at = (from: number) => [Array.from({ length: 12 }, (_, i) => from + i)];
    const here = model.forward({ inputIds, positionIds: at(0) }).lastHiddenState.data;
    const there = model.forward({ inputIds, positionIds: at(1000) }).lastHiddenState.data;
    expect(Math.max(...here.map((x, i) => Math.abs(x - there[i]!)))).toBeLessThan(2e-4); // angles of 1000 radians, in f32 tables
    const stretched = model.forward({ inputIds, positionIds: [Array.from({ length: 12 }, (_, i) => 3 * i)] })
      .lastHiddenState.data;
    expect(Math.max(...here.map((x, i) => Math.abs(x - stretched[i]!)))).toBeGreaterThan(0.01);
    model.close();
  });

  it("learns eight sentences by heart", () => {
    const model = RoFormer.create({ ...config, initializer_range: 0.1 }, { head: "sequence-classification", seed: 5 });
    const optimizer = new AdamW(model, { lr: 3e-3, weightDecay: 0 });
    const texts = sequences([4, 9, 7, 12, 3, 8, 15, 6], 4);
    const targets = { sequences: [0, 1, 1, 0, 1, 0, 0, 1] };
    let loss = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 200 && loss >= 0.01; step++) {
      loss = model.lossAndGradients(pack(texts), targets, { train: true, seed: 1, step });
      optimizer.step();
    }
    for (let step = 200; step < 300; step++) {
      model.lossAndGradients(pack(texts), targets);
      optimizer.step();
    }
    expect(model.lossAndGradients(pack(texts), targets)).toBeLessThan(0.01);
    optimizer.free();
    model.close();
  });

  it("gives back all it takes: a step leaves as many slots as there were, and close none", () => {
    const before = [engine().live(), engine().used_bytes()];
    const model = RoFormer.create(config, { head: "masked-lm", seed: 1 });
    const optimizer = new AdamW(model);
    const inputIds = sequences([9, 9]);
    const step = () => {
      model.valueAndGrad({ inputIds, labels: inputIds }, { train: true });
      optimizer.step();
      model.forward({ inputIds, labels: inputIds }, { outputHiddenStates: true });
    };
    step();
    const live = [engine().live(), engine().used_bytes()];
    for (let i = 0; i < 3; i++) step();
    expect([engine().live(), engine().used_bytes()]).toEqual(live);
    optimizer.free();
    model.close();
    expect([engine().live(), engine().used_bytes()]).toEqual(before);
  });

  it("draws dropout from seed and step alone", () => {
    const model = RoFormer.create(config, { head: "masked-lm", seed: 1 });
    const inputIds = sequences([9, 7, 9].map(() => 9));
    const loss = (train: boolean, seed: number, step: number) =>
      model.valueAndGrad({ inputIds, labels: inputIds }, { train, seed, step }).loss;
    expect(loss(true, 1, 1)).toBe(loss(true, 1, 1));
    expect(loss(true, 1, 1)).not.toBe(loss(true, 1, 2));
    expect(loss(true, 1, 1)).not.toBe(loss(true, 2, 1));
    expect(loss(false, 1, 1)).toBe(loss(false, 2, 2));
    model.close();
  });

  it("adds gradients up until they are cleared", () => {
    const model = RoFormer.create(config, { head: "masked-lm", seed: 1 });
    const inputIds = sequences([6, 6]);
    const norm = () => {
      const { gradients } = model.valueAndGrad({ inputIds, labels: inputIds });
      return Math.hypot(...gradients.get("roformer.encoder.layer.1.output.dense.weight")!.data);
    };
    const once = norm();
    expect(norm() / once).toBeCloseTo(2, 5);
    model.store.zeroGradients();
    expect(norm()).toBe(once);
    model.close();
  });

  it("survives a sequence of no tokens, and says what is wrong where a label needs one", () => {
    const model = RoFormer.create(config, { head: "sequence-classification" });
    const masked = {
      inputIds: [
        [3, 4],
        [5, 6],
      ],
      attentionMask: [
        [1, 1],
        [0, 0],
      ],
    };
    expect(() => model.forward(masked)).toThrow(/length of sequence 1 is 0, not at least 1 token/);
    const base = RoFormer.create(config);
    const { data } = base.forward(masked).lastHiddenState;
    expect(data.every(Number.isFinite)).toBe(true);
    model.close();
    base.close();
  });

  it("refuses inputs that do not fit, naming them", () => {
    const model = RoFormer.create(config, { head: "sequence-classification" });
    const inputIds = [
      [1, 2],
      [3, 4],
    ];
    expect(() => model.forward({ inputIds: [[1, 2], [3]] })).toThrow(/inputIds: length of row 1 is 1, not T = 2/);
    expect(() => model.forward({ inputIds: [[1, 60]] })).toThrow(/60/);
    expect(() => model.forward({ inputIds, labels: [0] })).toThrow(/labels is 1, not one for each of 2 sequences/);
    expect(() => model.forward({ inputIds, labels: [0, 2] })).toThrow(
      /label of sequence 1 is 2, not a class from 0 to 1/,
    );
    expect(() =>
      model.forward({
        inputIds,
        tokenTypeIds: [
          [0, 0],
          [0, 2],
        ],
      }),
    ).toThrow(/2/);
    model.close();
    expect(() => model.forward({ inputIds })).toThrow(/closed/);
  });

  it.each([
    [undefined, "inputIds is undefined, not [B][T]"],
    [{ inputIds: [1, 2] }, "inputIds is a flat list, not [B][T]"],
    [{ inputIds: "abc" }, "inputIds is abc, not [B][T]"],
    [{ inputIds: [[1, 2 ** 32 + 5]] }, "inputIds[0][1] is 4294967301, not a whole number"],
    [{ inputIds: [[1, 2]], positionIds: [[0, 2 ** 30]] }, "largest position is 1073741824, not below 16777216"],
    [{ inputIds: [[1, 2]], labels: [[Number.NaN, 1]] }, "labels[0][0] is NaN, not a whole number"],
    [{ inputIds: [[1, 2]], labels: [[1.5, 1]] }, "labels[0][0] is 1.5, not a whole number"],
    [{ inputIds: [[1, 2]], labels: [1] }, "labels is a flat list, not [B][T]"],
  ])("refuses %j instead of computing with something else", (inputs, message) => {
    const model = RoFormer.create(config, { head: "masked-lm" });
    const before = engine().live();
    expect(() => model.forward(inputs as never)).toThrow(message);
    expect(engine().live()).toBe(before);
    model.close();
  });

  it("takes labels of sequences that are numbers only", () => {
    const model = RoFormer.create(config, { head: "sequence-classification" });
    for (const labels of ["1", 1, [undefined], [null], ["1"], [[0, Number.NaN]]]) {
      expect(() => model.valueAndGrad({ inputIds: [[1]], labels } as never)).toThrow(/^labels? /);
    }
    model.close();
  });

  it("that does not fit into memory is an EngineError, whatever its size, and leaves the engine as it was", () => {
    const before = engine().live();
    const sizes = [
      { vocab_size: 10_000_000, hidden_size: 4096 },
      { vocab_size: 2 ** 20, hidden_size: 4096 }, // 2^32 words of word vectors: 0 in 32 bits
      { hidden_size: 65_536, intermediate_size: 262_144 },
    ];
    for (const size of sizes) {
      const huge = { ...config, embedding_size: null, num_attention_heads: 1, ...size };
      expect(() => RoFormer.create(huge)).toThrow(/^out of memory: .*\d+ MiB in use$/);
    }
    expect(engine().live()).toBe(before);
    const model = RoFormer.create(config);
    expect(model.forward({ inputIds: [[1]] }).lastHiddenState.shape).toEqual([1, 1, 24]);
    model.close();
  });

  it("follows from a seed that is a whole number, and from no other", () => {
    const before = engine().live();
    for (const seed of [-1, 1.5, 2 ** 53, Number.NaN, "1" as never]) {
      expect(() => RoFormer.create(config, { seed })).toThrow(/^seed is .* not a whole number from 0/);
    }
    expect(engine().live()).toBe(before);
  });

  it("counts a negative padding id from the vocabulary's end, as PyTorch does", () => {
    const model = RoFormer.create({ ...config, pad_token_id: -1 });
    const words = model
      .parameters()
      .find(({ name }) => name.endsWith("word_embeddings.weight"))!
      .read();
    expect([...words.subarray(-20)]).toEqual(new Array(20).fill(0));
    model.close();
    expect(() => RoFormer.create({ ...config, pad_token_id: 60 })).toThrow(
      "pad_token_id is 60, not below vocab_size 60",
    );
  });

  it("is not changed by an optimiser's step at a rate that is none", () => {
    const model = RoFormer.create(config);
    const before = engine().live();
    const optimizer = new AdamW(model, { lr: undefined as never, maxGradNorm: undefined as never });
    for (const lr of [Number.NaN, -1, "1" as never]) expect(() => optimizer.step({ lr })).toThrow(/AdamW: lr is/);
    expect(model.parameters().every((one) => one.read().every(Number.isFinite))).toBe(true);
    for (const wrong of [{ betas: [0.9] }, { betas: 0.9 }, { noDecay: "bias" }]) {
      expect(() => new AdamW(model, wrong as never)).toThrow(/^AdamW: (betas|noDecay) is/);
    }
    optimizer.free();
    model.close();
    expect(engine().live()).toBeLessThan(before);
  });
});
