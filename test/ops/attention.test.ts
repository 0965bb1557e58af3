import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { engine } from "../../ts/engine/engine.js";
import { attention } from "../../ts/ops/attention.js";
import { sum } from "../../ts/ops/reduce.js";
import { Philox } from "../../ts/random/philox.js";
import { scope } from "../../ts/tensor/scope.js";
import { integers, type Tensor, tensor } from "../../ts/tensor/tensor.js";

beforeAll(() => engine().set_poison(true));

const random = (length: number, seed: number): Float32Array => {
  const numbers = new Philox(seed, 93);
  return Float32Array.from({ length }, () => 2 * numbers.uniform() - 1);
};

const offsetsOf = (lengths: readonly number[]): number[] => {
  const offsets = [0];
  for (const length of lengths) offsets.push(offsets.at(-1)! + length);
  return offsets;
};

/** A random batch: queries and keys a sequence, options. */
interface Batch {
  readonly lengths: readonly { t: number; s: number; prefix: number }[];
  readonly heads: number;
  readonly D: number;
  readonly causal: boolean;
  readonly window: number;
  readonly opened: boolean;
  /** Heads of the bias: none if 0, shared if 1, else one for each. */
  readonly biased: number;
  readonly sloping: boolean;
}

const LONGEST = 300;
const length = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 100, max: LONGEST }));
const batches: fc.Arbitrary<Batch> = fc.record({
  lengths: fc.array(fc.record({ t: length, s: length, prefix: fc.nat(LONGEST) }), { minLength: 1, maxLength: 4 }),
  heads: fc.integer({ min: 1, max: 3 }),
  D: fc.integer({ min: 1, max: 9 }),
  causal: fc.boolean(),
  window: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90 })),
  opened: fc.boolean(),
  biased: fc.nat(2),
  sloping: fc.boolean(),
});

const range = (lengths: readonly number[], from: number, to: number) => {
  const offsets = offsetsOf(lengths);
  return [offsets[from]!, offsets[to]!] as const;
};

/** Output and gradients of q, k and v of sequences `from` to `to` of the batch, in a call of their own. */
function run({ lengths, heads, D, causal, window, ...rest }: Batch, from: number, to: number): Float32Array[] {
  const C = heads * D;
  const [t, s] = [lengths.map((one) => one.t), lengths.map((one) => one.s)];
  const rows = (all: readonly number[], seed: number) => {
    const [first, end] = range(all, from, to);
    return tensor(random(offsetsOf(all).at(-1)! * C, seed).subarray(first * C, end * C), [end - first, C]);
  };
  const places = (all: readonly number[], step: number) => {
    const [first, end] = range(all, from, to);
    return integers(Int32Array.from({ length: end - first }, (_, i) => ((first + i) * step) % 97));
  };
  const ends = (all: readonly number[]) => integers(Int32Array.from(offsetsOf(all.slice(from, to))));
  const prefix = Int32Array.from(lengths.slice(from, to), (one) => Math.min(one.prefix, one.s));
  const biasShape = [rest.biased === 1 ? 1 : heads, LONGEST, LONGEST];
  const inputs = [rows(t, 1), rows(s, 2), rows(s, 3)] as [Tensor, Tensor, Tensor];
  let value = new Float32Array();
  const weights = rows(t, 4);
  const { gradients } = valueAndGradients(() => {
    const y = attention(...inputs, {
      heads,
      queryOffsets: ends(t),
      keyOffsets: ends(s),
      causal: causal || rest.opened,
      ...(window > 0 && { window }),
      ...(rest.opened && { prefix: integers(prefix) }),
      ...(rest.biased && {
        bias: tensor(
          random(
            biasShape.reduce((a, b) => a * b),
            5,
          ),
          biasShape,
        ),
      }),
      ...(rest.sloping && {
        slopes: tensor(random(heads, 6).map((x) => Math.abs(x) / 16)),
        queryPositions: places(t, 5),
        keyPositions: places(s, 7),
      }),
    });
    value = y.read() as Float32Array<ArrayBuffer>;
    return sum(attention(weights, weights, y, { heads: 1, queryOffsets: ends(t) }));
  }, inputs);
  return [value, ...gradients.map((g, i) => g?.read() ?? new Float32Array(inputs[i]!.size))];
}

describe("attention", () => {
  it("gives each sequence of a batch the bits that it has alone, forward and backward, whatever is masked and added", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const C = batch.heads * batch.D;
        const together = scope(() => run(batch, 0, batch.lengths.length));
        for (const b of batch.lengths.keys()) {
          const alone = scope(() => run(batch, b, b + 1));
          for (const [i, got] of together.entries()) {
            const [first, end] = range(
              batch.lengths.map((one) => (i < 2 ? one.t : one.s)),
              b,
              b + 1,
            );
            const mine = got.subarray(first * C, end * C);
            const at = mine.findIndex((x, n) => !(x === alone[i]![n]));
            if (at >= 0)
              throw new Error(
                `${["y", "dq", "dk", "dv"][i]}[${at}] of sequence ${b} is ${mine[at]}, alone ${alone[i]![at]}`,
              );
          }
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it("hides keys by the least finite bias, as by −∞; where all are hidden so, they are alike, as in PyTorch", () => {
    const [least, none] = [-3.4028234663852886e38, Number.NEGATIVE_INFINITY];
    const attend = (bias: number[]) =>
      scope(() => {
        const [q, k] = [tensor([1, 2], [1, 2]), tensor([1, 0, 0, 3], [2, 2])];
        const v = tensor([1, 10, 3, 30], [2, 2]);
        const [queryOffsets, keyOffsets] = [integers(Int32Array.of(0, 1)), integers(Int32Array.of(0, 2))];
        const options = { heads: 1, queryOffsets, keyOffsets, bias: tensor(bias, [1, 1, 2]) };
        return [...attention(q, k, v, options).read()];
      });
    expect(attend([least, 0])).toEqual([3, 30]);
    expect(attend([least, none])).toEqual([1, 10]);
    expect(attend([none, none])).toEqual([0, 0]);
    for (const low of [least, -2.4e38, -1e38]) expect(attend([low, low])).toEqual([2, 20]);
  });

  it("says what does not fit", () => {
    scope(() => {
      const x = tensor(random(24, 1), [6, 4]);
      const queryOffsets = integers(Int32Array.of(0, 2, 6));
      const call = (options: Partial<Parameters<typeof attention>[3]>) => () =>
        attention(x, x, x, { heads: 2, queryOffsets, ...options });
      const bias = (...shape: number[]) => ({
        bias: tensor(
          random(
            shape.reduce((a, b) => a * b),
            2,
          ),
          shape,
        ),
      });
      expect(call(bias(3, 4, 4))).toThrow("attention: bias is [3, 4, 4], not [1 or 2, T, S]");
      expect(call(bias(2, 3, 4))).toThrow("attention: bias has 3 rows, and sequence 1 has 4 queries");
      expect(call(bias(1, 4, 3))).toThrow("attention: bias has 3 columns, and sequence 1 has 4 keys");
      const slopes = tensor([1, 1]);
      expect(call({ slopes })).toThrow("attention: queryPositions is missing, not [N], to go with slopes");
      const queryPositions = integers(Int32Array.of(1, 2));
      expect(call({ slopes, queryPositions })).toThrow("query_positions holds 2 numbers, not [N] = 6");
      expect(call({ slopes: tensor([1]), queryPositions })).toThrow("slopes holds 1 numbers, not [H] = 2");
      const prefix = integers(Int32Array.of(2, 5));
      expect(call({ prefix })).toThrow("prefix[1] is 5, and its sequence has 4 keys");
      expect(call({ prefix: integers(Int32Array.of(-1, 2)) })).toThrow("prefix[0] is -1, and its sequence has 2 keys");
      expect(call({ prefix, causal: false })).toThrow("prefix is given, but not causal");
      for (const window of [0, -1, 1.5, Number.NaN, 2 ** 31])
        expect(call({ window })).toThrow(`attention: window is ${window}, not a whole number from 1`);
    });
  });

  it("has no gradient of slopes, and says so", () => {
    scope(() => {
      const x = tensor(random(8, 1), [2, 4]);
      const slopes = tensor([1, 1]);
      const [queryOffsets, queryPositions] = [integers(Int32Array.of(0, 2)), integers(Int32Array.of(0, 1))];
      const loss = () => sum(attention(x, x, x, { heads: 2, queryOffsets, slopes, queryPositions }));
      expect(() => valueAndGradients(loss, [slopes])).toThrow("attention: slopes have no gradient");
    });
  });
});
