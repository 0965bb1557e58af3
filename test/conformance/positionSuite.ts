import { expect } from "vitest";
import { rotate } from "../../ts/nn/attentions/attention.js";
import { attentions } from "../../ts/nn/attentions/index.js";
import { PackedBatch, pack } from "../../ts/nn/packed.js";
import { ParameterScope, ParameterStore } from "../../ts/nn/parameters.js";
import type { Position, PositionOptions } from "../../ts/nn/positions/index.js";
import { scope } from "../../ts/tensor/scope.js";
import type { Tensor } from "../../ts/tensor/tensor.js";
import { type Check, difference, evaluate, expectClose, random, slopes, tensorOf, total } from "./checks.js";
import type { PositionReference } from "./references/positions.js";

const [HEADS, D, MAXIMUM] = [2, 6, 64];
const C = HEADS * D;
/** Numbers that differ by less than this are taken for equal, as rounding of a sum of few products is far below. */
const EQUAL = 1e-5;
/** What counts as another number: a hundred times that. */
const OTHER = 1e-3;

type Factory = (options: PositionOptions) => Position;

interface Made {
  readonly position: Position;
  readonly store: ParameterStore;
  /** What it declared, in order. */
  readonly parameters: readonly Float64Array[];
}

function withPosition(create: Factory, body: (made: Made) => void, heads = HEADS): void {
  const store = new ParameterStore();
  const options = { embeddingWidth: C, heads, headSize: D, maxPositions: MAXIMUM };
  const position = create({ params: new ParameterScope(store, 1), ...options });
  store.allocate();
  store.initialise(7);
  try {
    const parameters = store.saved.map((parameter) => Float64Array.from(parameter.read()));
    scope(() => body({ position, store, parameters }));
  } finally {
    position.free?.();
    store.free();
  }
}

const batchOf = (lengths: readonly number[], from = 0) => {
  const packed = pack(lengths.map((length) => new Array(length).fill(1)));
  return new PackedBatch({ ...packed, positions: packed.positions.map((p) => p + from) });
};

const marked = (position: Position, x: Tensor, batch: PackedBatch) => position.embed?.(x, batch) ?? x;

const callOf = (position: Position, batch: PackedBatch) => ({ heads: HEADS, batch, position, mask: {} });

/** One layer of softmax attention over marked embeddings, `[N, C]`. */
function layer(position: Position, x: Float64Array, batch: PackedBatch): Float32Array {
  const states = marked(position, tensorOf(x, [x.length / C, C]), batch);
  return attentions.softmax().forward(states, states, states, callOf(position, batch)).read();
}

/** Batches of equal and mixed lengths, with empty sequences, one token, and places far out. */
const LENGTHS = [[9], [3, 1, 0, 40, 7], [0, 0, 2], [64]];

/** What holds of the position encoding `create`, whose twin is `reference`. */
export function positionSuite(create: Factory, reference: PositionReference): Check[] {
  const check = (name: string, body: (made: Made) => void): Check => ({ name, run: () => withPosition(create, body) });
  return [
    check("order matters, unless the kind is none", ({ position }) => {
      const [N, x] = [7, random(7 * C, 1)];
      const order = [3, 0, 6, 1, 5, 2, 4];
      const rows = (from: ArrayLike<number>) =>
        Float64Array.from({ length: N * C }, (_, i) => from[order[Math.floor(i / C)]! * C + (i % C)]!);
      const moved = difference(layer(position, rows(x), batchOf([N])), rows(layer(position, x, batchOf([N]))));
      if (position.kind === "none") expect(moved).toBeLessThan(EQUAL);
      else expect(moved).toBeGreaterThan(OTHER);
    }),
    check("shifted positions give the same values, unless the kind is absolute", ({ position }) => {
      const x = random(9 * C, 2);
      const there = (from: number) => layer(position, x, batchOf([4, 5], from));
      for (const from of [1, 30, 59]) {
        const moved = difference(there(from), there(0));
        if (position.kind === "absolute") expect(moved, `by ${from}`).toBeGreaterThan(OTHER);
        else expect(moved, `by ${from}`).toBeLessThan(EQUAL);
      }
    }),
    check("marks embeddings as the f64 reference, and passes gradients", ({ position, parameters }) => {
      expect(position.embed === undefined).toBe(reference.embed === undefined);
      for (const lengths of LENGTHS) {
        const [N, batch] = [total(lengths), batchOf(lengths)];
        const [x, weights] = [random(N * C, 3), random(N * C, 4)];
        const places = batch.packed.positions;
        const { y, gradients } = evaluate((input) => marked(position, input!, batch), [tensorOf(x, [N, C])], weights);
        expectClose(y, reference.embed?.(x, C, places, parameters) ?? x, 1e-6, "embedding");
        expectClose(gradients[0]!, weights, 1e-6, "gradient");
      }
    }),
    check("gives its parameters the gradients of the f64 reference", ({ position, parameters, store }) => {
      const [N, batch] = [10, batchOf([3, 1, 0, 6])];
      const [x, weights] = [random(N * C, 8), random(N * C, 9)];
      store.requireGradients();
      evaluate((input) => marked(position, input!, batch), [tensorOf(x, [N, C])], weights);
      const formula = (values: readonly Float64Array[]) => reference.embed!(x, C, batch.packed.positions, values);
      for (const [i, want] of (parameters.length > 0 ? slopes(formula, parameters, weights) : []).entries())
        expectClose(store.parameters[i]!.gradient().data, want, 1e-6, "gradient");
    }),
    check("turns queries and keys as the f64 reference, and passes gradients", ({ position }) => {
      expect(position.table === undefined).toBe(reference.turn === undefined);
      for (const lengths of LENGTHS) {
        // Far places: an angle of 1,000 radians is rounded to f32 after its sine.
        for (const from of position.kind === "relative" ? [0, 1000] : [0])
          turnsAsReference(position, reference, lengths, from);
      }
    }),
    {
      name: "scores fall by the slopes that were published, for any number of heads",
      run() {
        for (const heads of [1, 2, 3, 6, 8, 12, 16, 20, 32]) {
          const compare = ({ position }: Made) =>
            expectClose([...(position.slopes ?? [])], reference.slopes?.(heads) ?? [], 1e-7, `slope of ${heads}`);
          withPosition(create, compare, heads);
        }
      },
    },
    check("a sequence gives the same bits in any batch", ({ position }) => {
      const lengths = [3, 1, 0, 40, 7];
      const x = random(total(lengths) * C, 5);
      const bits = (values: Float64Array, batch: PackedBatch) => {
        const states = marked(position, tensorOf(values, [values.length / C, C]), batch);
        return [states.read(), rotate(states, callOf(position, batch), batch).read(), layer(position, values, batch)];
      };
      const together = bits(x, batchOf(lengths));
      let from = 0;
      for (const length of lengths) {
        const [first, last] = [from * C, (from + length) * C];
        const alone = bits(x.slice(first, last), batchOf([length]));
        for (const [n, own] of alone.entries()) expect([...own]).toEqual([...together[n]!.subarray(first, last)]);
        from += length;
      }
    }),
    check("takes an empty batch", ({ position }) => {
      for (const lengths of [[], [0, 0]]) {
        const batch = batchOf(lengths);
        const x = tensorOf(new Float64Array(), [0, C]);
        expect(marked(position, x, batch).shape).toEqual([0, C]);
        expect(rotate(x, callOf(position, batch), batch).shape).toEqual([0, C]);
        expect(layer(position, new Float64Array(), batch).length).toBe(0);
      }
    }),
  ];
}

function turnsAsReference(position: Position, { turn }: PositionReference, lengths: readonly number[], from: number) {
  const [N, batch] = [total(lengths), batchOf(lengths, from)];
  const [x, weights] = [random(N * C, 6), random(N * C, 7)];
  /** Every head's row, turned by its token's position times `sign`. */
  const formula = (values: Float64Array, sign: number) => {
    const y = Float64Array.from(values);
    for (let row = 0; turn && row < N * HEADS; row++) {
      const at = sign * batch.packed.positions[Math.floor(row / HEADS)]!;
      y.set(turn(values.slice(row * D, (row + 1) * D), at), row * D);
    }
    return y;
  };
  const call = callOf(position, batch);
  const { y, gradients } = evaluate((input) => rotate(input!, call, batch), [tensorOf(x, [N, C])], weights);
  expectClose(y, formula(x, 1), 1e-6, "turned number");
  // The gradient of turning is turning by the negative angle: no differences are needed for a linear map.
  expectClose(gradients[0]!, formula(weights, -1), 1e-6, "gradient");
}
