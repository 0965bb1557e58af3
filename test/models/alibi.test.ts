import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { AdamW, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { pack } from "../../ts/nn/packed.js";
import { alibiSlopes } from "../../ts/nn/positions/alibi.js";

const config: RoFormerConfigInput = {
  vocab_size: 60,
  hidden_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 40,
  initializer_range: 0.3,
  roformer_js: { position: "alibi" },
};
const inputIds = [[5, 17, 3, 44, 9, 21, 5, 30, 2, 11, 58, 7]];
const positionIds = (from: number, step: number) => [inputIds[0]!.map((_, i) => from + step * i)];
const distance = (a: Float32Array, b: Float32Array) => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));

beforeAll(() => engine().set_poison(true));

describe("ALiBi", () => {
  it("has the slopes of its authors' get_slopes, for numbers of heads that are no power of two too", () => {
    const root = Math.SQRT1_2;
    const eight = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => 2 ** -i);
    expect([...alibiSlopes(1)]).toEqual([2 ** -8]);
    expect([...alibiSlopes(2)]).toEqual([2 ** -4, 2 ** -8]);
    expect([...alibiSlopes(3)]).toEqual([2 ** -4, 2 ** -8, 2 ** -2]);
    expect([...alibiSlopes(8)]).toEqual(eight);
    const twelve = [...eight, root, root / 2, root / 4, root / 8];
    expect([...alibiSlopes(12)]).toEqual(twelve.map(Math.fround));
  });

  it("knows distances, not places: shifting all positions changes no bit, stretching them changes much", () => {
    const model = RoFormer.create(config, { seed: 3 });
    const at = (from: number, step: number) =>
      model.forward({ inputIds, positionIds: positionIds(from, step) }).lastHiddenState.data;
    const here = model.forward({ inputIds }).lastHiddenState.data;
    expect([...at(0, 1)]).toEqual([...here]);
    expect([...at(1_000_000, 1)]).toEqual([...here]);
    expect(distance(at(0, 3), here)).toBeGreaterThan(0.01);
    model.close();
  });

  it("has no parameter and no limit, and tells the order that a model without positions does not see", () => {
    const create = (position: "alibi" | "none") =>
      RoFormer.create({ ...config, roformer_js: { position } }, { seed: 3 });
    const [model, blind] = [create("alibi"), create("none")];
    expect(model.parameters().map(({ name }) => name)).toEqual(blind.parameters().map(({ name }) => name));
    const last = (of: RoFormer, ids: readonly number[]) =>
      of.forward({ inputIds: [[...ids]] }).lastHiddenState.data.slice(-24);
    const ids = inputIds[0]!;
    const swapped = [ids[1]!, ids[0]!, ...ids.slice(2)];
    expect(distance(last(blind, ids), last(blind, swapped))).toBeLessThan(1e-5);
    expect(distance(last(model, ids), last(model, swapped))).toBeGreaterThan(1e-3);
    const far = Array.from({ length: 3000 }, (_, i) => 1 + (i % 59)); // more than max_position_embeddings
    expect(last(model, far).every(Number.isFinite)).toBe(true);
    model.close();
    blind.close();
  });

  it("trains", () => {
    const model = RoFormer.create({ ...config, initializer_range: 0.1 }, { head: "sequence-classification", seed: 5 });
    const optimizer = new AdamW(model, { lr: 3e-3, weightDecay: 0 });
    // The same words in two orders: positions alone tell the classes apart.
    const texts = [
      [4, 9, 7, 12],
      [9, 4, 12, 7],
      [4, 9, 12, 7],
      [9, 4, 7, 12],
    ];
    const targets = { sequences: [0, 1, 0, 1] };
    let loss = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 300 && loss >= 0.05; step++) {
      loss = model.lossAndGradients(pack(texts), targets);
      optimizer.step();
    }
    expect(loss).toBeLessThan(0.05);
    optimizer.free();
    model.close();
  });
});
