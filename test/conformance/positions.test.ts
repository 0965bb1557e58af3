import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { rotate } from "../../ts/nn/attentions/attention.js";
import { attentions } from "../../ts/nn/attentions/index.js";
import { PackedBatch, pack } from "../../ts/nn/packed.js";
import { ParameterScope, ParameterStore } from "../../ts/nn/parameters.js";
import { positions } from "../../ts/nn/positions/index.js";
import { Philox } from "../../ts/random/philox.js";
import { scope } from "../../ts/tensor/scope.js";
import { type Tensor, tensor } from "../../ts/tensor/tensor.js";

const [HEADS, D, E, MAXIMUM] = [2, 6, 10, 40];

beforeAll(() => engine().set_poison(true));

function random(shape: readonly number[], seed: number): Tensor {
  const numbers = new Philox(seed, 91);
  return tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * numbers.uniform() - 1),
    shape,
  );
}

/** What may be said of every position encoding. A new one is tested by being registered. */
describe.each(Object.entries(positions))("position encoding %s", (_name, create) => {
  function withPosition(body: (position: ReturnType<typeof create>) => void): void {
    const store = new ParameterStore();
    const position = create({
      scope: new ParameterScope(store, 1),
      embeddingWidth: E,
      heads: HEADS,
      headSize: D,
      maxPositions: MAXIMUM,
    });
    store.allocate();
    store.initialise(7);
    try {
      scope(() => body(position));
    } finally {
      position.free?.();
      store.free();
    }
  }

  const call = (position: ReturnType<typeof create>, batch: PackedBatch) => ({
    heads: HEADS,
    batch,
    position,
    mask: {},
  });

  it("turns without changing the length of a pair's row, and leaves position 0 as it is", () =>
    withPosition((position) => {
      const batch = new PackedBatch(
        pack([
          [1, 2, 3, 4],
          [5, 6],
        ]),
      );
      const x = random([6, HEADS * D], 1);
      const turned = rotate(x, call(position, batch), batch).read();
      const given = x.read();
      for (let row = 0; row < 6; row++) {
        const norm = (values: Float32Array) => Math.hypot(...values.subarray(row * 12, row * 12 + 12));
        expect(norm(turned)).toBeCloseTo(norm(given), 5);
      }
      expect([...turned.subarray(0, 12)]).toEqual([...given.subarray(0, 12)]);
      expect([...turned.subarray(48, 60)]).toEqual([...given.subarray(48, 60)]);
    }));

  it("gives scores that depend on the distance alone, if it turns", () =>
    withPosition((position) => {
      const [q, k] = [random([1, HEADS * D], 2), random([1, HEADS * D], 3)];
      const score = (m: number, n: number) => {
        const at = (p: number) => new PackedBatch({ ...pack([[1]]), positions: Int32Array.of(p) });
        const [a, b] = [rotate(q, call(position, at(m)), at(m)).read(), rotate(k, call(position, at(n)), at(n)).read()];
        return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
      };
      for (const m of [0, 1, 7, 30]) expect(score(m, m + 5)).toBeCloseTo(score(0, 5), 5);
    }));

  it("tells attention distances, not places: all positions shifted give the same values", () =>
    withPosition((position) => {
      const [q, k, v] = [5, 6, 7].map((seed) => random([9, HEADS * D], seed)) as [Tensor, Tensor, Tensor];
      const attend = (from: number) => {
        const packed = pack([
          [1, 2, 3, 4],
          [1, 2, 3, 4, 5],
        ]);
        const batch = new PackedBatch({ ...packed, positions: packed.positions.map((p) => p + from) });
        return attentions.softmax().forward(q, k, v, call(position, batch)).read();
      };
      const there = attend(30);
      for (const [i, y] of attend(0).entries()) expect(there[i]).toBeCloseTo(y, 4);
    }));

  it("marks embeddings by position alone: equal tokens at equal places are equal, in any batch", () =>
    withPosition((position) => {
      const x = random([1, E], 4).read();
      const rows = (n: number) =>
        tensor(
          Float32Array.from({ length: n * E }, (_, i) => x[i % E]!),
          [n, E],
        );
      const embed = (lengths: number[]) => {
        const batch = new PackedBatch(pack(lengths.map((length) => new Array(length).fill(3))));
        const n = lengths.reduce((a, b) => a + b, 0);
        return (position.embed?.(rows(n), batch) ?? rows(n)).read();
      };
      const [alone, together] = [embed([5]), embed([2, 5, 3])];
      expect([...together.subarray(2 * E, 7 * E)]).toEqual([...alone]);
    }));

  it("takes an empty batch", () =>
    withPosition((position) => {
      const batch = new PackedBatch(pack([]));
      expect(rotate(random([0, HEADS * D], 1), call(position, batch), batch).size).toBe(0);
      expect((position.embed?.(random([0, E], 1), batch) ?? random([0, E], 1)).size).toBe(0);
    }));
});
