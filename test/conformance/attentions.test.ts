import { beforeAll, describe, expect, it } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { engine } from "../../ts/engine/engine.js";
import { attentions, type Mask } from "../../ts/nn/attentions/index.js";
import { PackedBatch, pack } from "../../ts/nn/packed.js";
import { ParameterScope, ParameterStore } from "../../ts/nn/parameters.js";
import { sum } from "../../ts/ops/reduce.js";
import { Philox } from "../../ts/random/philox.js";
import { scope } from "../../ts/tensor/scope.js";
import { type Tensor, tensor } from "../../ts/tensor/tensor.js";

const [HEADS, D] = [2, 6];
const C = HEADS * D;

beforeAll(() => engine().set_poison(true));

const values = (n: number, seed: number): Float32Array => {
  const numbers = new Philox(seed, 92);
  return Float32Array.from({ length: n * C }, () => 2 * numbers.uniform() - 1);
};
const lengths = [3, 1, 0, 40, 7];
const N = lengths.reduce((a, b) => a + b, 0);
const batchOf = (list: readonly number[]) => new PackedBatch(pack(list.map((length) => new Array(length).fill(1))));

/** What may be said of every attention. A new one is tested by being registered. */
describe.each(Object.entries(attentions))("attention %s", (name, create) => {
  const store = new ParameterStore();
  const options = { scope: new ParameterScope(store, 1), heads: HEADS, headSize: D, position: {}, kernelEpsilon: 0 };
  const attention = create(options);
  beforeAll(() => {
    store.allocate();
    store.initialise(1);
  });
  const masked = (list: readonly number[], q: Tensor, k: Tensor, v: Tensor, mask: Mask) =>
    attention.forward(q, k, v, { heads: HEADS, batch: batchOf(list), position: {}, mask });
  const run = (list: readonly number[], q: Tensor, k: Tensor, v: Tensor, causal = false) =>
    masked(list, q, k, v, { causal });

  it("keeps sequences apart: each gives the same bits alone, and so do its gradients", () =>
    scope(() => {
      const [q, k, v] = [1, 2, 3].map((seed) => values(N, seed)) as [Float32Array, Float32Array, Float32Array];
      const inputs = [q, k, v].map((x) => tensor(x, [N, C]));
      let together = new Float32Array();
      const { gradients } = valueAndGradients(() => {
        const y = run(lengths, inputs[0]!, inputs[1]!, inputs[2]!);
        together = y.read() as Float32Array<ArrayBuffer>;
        return sum(y);
      }, inputs);
      let from = 0;
      for (const length of lengths) {
        const part = (x: Float32Array) => x.slice(from * C, (from + length) * C);
        const mine = [q, k, v].map((x) => tensor(part(x), [length, C]));
        let alone = new Float32Array();
        const single = valueAndGradients(() => {
          const y = run([length], mine[0]!, mine[1]!, mine[2]!);
          alone = y.read() as Float32Array<ArrayBuffer>;
          return sum(y);
        }, mine);
        expect([...alone]).toEqual([...part(together)]);
        for (const [i, g] of single.gradients.entries())
          expect([...g!.read()]).toEqual([...part(gradients[i]!.read())]);
        from += length;
      }
    }));

  it("lets no query see a later key, if causal", () =>
    scope(() => {
      const [q, k, v] = [1, 2, 3].map((seed) => tensor(values(9, seed), [9, C])) as [Tensor, Tensor, Tensor];
      const before = run([9], q, k, v, true).read();
      const changed = (x: Tensor) =>
        tensor(
          x.read().map((value, i) => (i >= 6 * C ? 5 - value : value)),
          [9, C],
        );
      const after = run([9], q, changed(k), changed(v), true).read();
      // Where sums are divided by what later keys were, which cancels, rounding is another.
      for (let i = 0; i < 6 * C; i++) expect(after[i]).toBeCloseTo(before[i]!, 5);
      expect([...after.subarray(6 * C)]).not.toEqual([...before.subarray(6 * C)]);
    }));

  it("gives the value itself where there is one token", () =>
    scope(() => {
      const [q, k, v] = [1, 2, 3].map((seed) => tensor(values(1, seed), [1, C])) as [Tensor, Tensor, Tensor];
      const y = run([1], q, k, v).read();
      // Linear attentions add 10⁻⁶ to their denominators.
      for (const [i, x] of v.read().entries()) expect(y[i]).toBeCloseTo(x, name === "softmax" ? 5 : 3);
    }));

  // Linear attentions make no scores that a mask could hide.
  it.skipIf(name !== "softmax")("lets every query see the prefix, and no later key beyond it", () =>
    scope(() => {
      const [q, k, v] = [1, 2, 3].map((seed) => tensor(values(9, seed), [9, C])) as [Tensor, Tensor, Tensor];
      const changed = (x: Tensor, row: number) =>
        tensor(
          x.read().map((value, i) => (Math.floor(i / C) === row ? 5 - value : value)),
          [9, C],
        );
      const look = (row: number) =>
        masked([2, 7], q, changed(k, row), changed(v, row), { prefix: Int32Array.of(0, 3) }).read();
      const before = look(-1);
      const touched = (row: number) => {
        const after = look(row);
        return Array.from({ length: 9 }, (_, i) => i).filter((i) =>
          after.subarray(i * C, (i + 1) * C).some((y, n) => y !== before[i * C + n]),
        );
      };
      expect(touched(1)).toEqual([1]);
      expect(touched(4)).toEqual([2, 3, 4, 5, 6, 7, 8]); // the third of the second sequence, the last of its prefix
      expect(touched(5)).toEqual([5, 6, 7, 8]);
    }),
  );

  it.skipIf(name !== "softmax")("gives 0 where a query sees no key", () =>
    scope(() => {
      const [q, k] = [tensor(values(3, 1), [3, C]), tensor(values(2, 2), [2, C])];
      const y = masked([3], q, k, k, { causal: true, keys: batchOf([2]) }).read();
      expect([...y.subarray(0, C)]).toEqual(new Array(C).fill(0));
      expect([...y.subarray(C)].every((x) => Number.isFinite(x) && x !== 0)).toBe(true);
    }),
  );
});
