import { describe, expect, it } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { ConfigError } from "../../ts/errors.js";
import { orthogonalFeatures } from "../../ts/nn/attentions/projection.js";
import {
  type AttentionName,
  attentions,
  featureMap,
  type Mask,
  matmul,
  PackedBatch,
  ParameterScope,
  ParameterStore,
  type Position,
  pack,
  positions,
  type Rotation,
  reshape,
  scope,
  sum,
  type Tensor,
  tensor,
} from "../../ts/nn/index.js";
import { Philox } from "../../ts/random/philox.js";
import { streams } from "../../ts/random/streams.js";
import { golden } from "../golden.js";
import { LINEAR, randomValues, sequences } from "./linearInputs.js";

/**
 * Expected values in f64: `kernels.json` by the quadratic form (PyTorch), `performer_pytorch.json` by performer-pytorch itself.
 * f32 reaches 1.4e-6 of outputs and 1e-5 of gradients' norms.
 */
const VALUE = 2e-5; // absolute
const GRADIENT = 1e-4; // of the norm

type Values = number[] | { readonly values: number[]; readonly norms: number[] };

interface Shape {
  readonly heads: number;
  readonly width: number;
  readonly features: number;
  readonly queryOffsets: number[];
  readonly keyOffsets: number[];
  readonly inputs: string | Record<"q" | "k" | "v" | "upstream", { seed: number; scale: number; first: number[] }>;
  readonly projection?: { readonly data: number[] };
  readonly queryIndices?: number[];
  readonly keyIndices?: number[];
}

interface Case {
  readonly name: string;
  readonly shape: string;
  readonly attention: AttentionName;
  readonly rotation: Rotation | "none";
  readonly causal: boolean;
  readonly kernelEpsilon: number;
  readonly out: Values;
  readonly dq: Values;
  readonly dk: Values;
  readonly dv: Values;
}

interface Problem {
  readonly attention: AttentionName;
  readonly rotation: Rotation | "none";
  readonly causal: boolean;
  readonly kernelEpsilon: number;
  readonly heads: number;
  readonly width: number;
  readonly features: number;
  readonly queryOffsets: number[];
  readonly keyOffsets: number[];
  readonly projection: number[];
  readonly inputs: Record<"q" | "k" | "v" | "upstream", number[]>;
}

/** Output and gradients of an attention. */
function compute(problem: Problem): Record<"out" | "dq" | "dk" | "dv", Float32Array> {
  const { attention, rotation, causal, kernelEpsilon, heads, width, features, queryOffsets, keyOffsets } = problem;
  const store = new ParameterStore();
  const place = new ParameterScope(store, 1);
  const position: Position =
    rotation === "none"
      ? positions.none()
      : positions.rotary({ params: place, embeddingWidth: 1, heads, headSize: width, maxPositions: 1 });
  const options = { params: place, heads, headSize: width, position, numRandomFeatures: features, kernelEpsilon };
  const layer = attentions[attention]({ ...options, ...(rotation !== "none" && { rotation }) });
  store.allocate();
  for (const matrix of store.saved) matrix.write(problem.projection);
  const found = scope(() => {
    const { q, k, v, upstream } = problem.inputs;
    const C = heads * width;
    const rows = (values: number[]) => tensor(values, [values.length / C, C]);
    const inputs = [rows(q), rows(k), rows(v)];
    const batch = sequences(queryOffsets);
    const cross = queryOffsets.join() !== keyOffsets.join();
    const mask: Mask = { causal, ...(cross && { keys: sequences(keyOffsets) }) };
    let out = new Float32Array();
    const { gradients } = valueAndGradients(() => {
      const y = layer.forward(inputs[0]!, inputs[1]!, inputs[2]!, { heads, batch, position, mask });
      out = y.read() as Float32Array<ArrayBuffer>;
      return reshape(matmul(reshape(y, [1, y.size]), tensor(upstream, [upstream.length, 1])), [1]);
    }, inputs);
    const [dq, dk, dv] = gradients.map((gradient) => gradient!.read());
    return { out, dq: dq!, dk: dk!, dv: dv! };
  });
  position.free?.();
  store.free();
  return found;
}

const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

function compare(name: string, got: Float32Array, want: Values, indices: number[] | undefined, bounds: number[]): void {
  const full = Array.isArray(want);
  const values = full ? want : want.values;
  const mine = full ? [...got] : indices!.map((i) => got[i]!);
  expect(mine, name).toHaveLength(values.length);
  if (name === "out") {
    for (const [i, x] of values.entries()) expect(Math.abs(mine[i]! - x), `out[${i}]`).toBeLessThanOrEqual(VALUE);
    return;
  }
  const distance = norm(mine.map((x, i) => x - values[i]!));
  expect(distance, name).toBeLessThanOrEqual(GRADIENT * norm(values));
  if (full) return;
  const largest = Math.max(...want.norms);
  for (const [b, length] of want.norms.entries()) {
    const part = got.subarray(bounds[b], bounds[b + 1]);
    expect(Math.abs(norm(part) - length), `norm of ${name}, sequence ${b}`).toBeLessThanOrEqual(GRADIENT * largest);
  }
}

const formula = (of: (x: number) => number, n: number) => Array.from({ length: n }, (_, i) => of(i));

function problemOf(one: Case, shape: Shape): Problem {
  const { heads, width, features, queryOffsets, keyOffsets, inputs } = shape;
  const size = (offsets: number[]) => offsets.at(-1)! * heads * width;
  const [n, s] = [size(queryOffsets), size(keyOffsets)];
  const made =
    typeof inputs === "string"
      ? {
          q: formula((i) => Math.sin(0.7 * i + 0.1), n),
          k: formula((i) => Math.cos(0.5 * i), s),
          v: formula((i) => Math.sin(0.3 * i + 0.2), s),
          upstream: formula((i) => Math.cos(0.2 * i), n),
        }
      : {
          q: randomValues(inputs.q.seed, inputs.q.scale, n),
          k: randomValues(inputs.k.seed, inputs.k.scale, s),
          v: randomValues(inputs.v.seed, inputs.v.scale, s),
          upstream: randomValues(inputs.upstream.seed, inputs.upstream.scale, n),
        };
  const projection = shape.projection?.data ?? formula((i) => Math.sin(1.1 * i + 0.4), features * width);
  return { ...one, heads, width, features, queryOffsets, keyOffsets, projection, inputs: made };
}

describe("linear attention by the quadratic form", () => {
  const { shapes, cases } = golden<{ shapes: Record<string, Shape>; cases: Case[] }>("linear/kernels.json");
  it.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const shape = shapes[one.shape]!;
    const got = compute(problemOf(one, shape));
    const row = shape.heads * shape.width;
    const [queries, keys] = [shape.queryOffsets, shape.keyOffsets].map((offsets) => offsets.map((at) => at * row));
    for (const name of ["out", "dq", "dk", "dv"] as const) {
      const ofQueries = name === "out" || name === "dq";
      compare(
        name,
        got[name],
        one[name],
        ofQueries ? shape.queryIndices : shape.keyIndices,
        ofQueries ? queries! : keys!,
      );
    }
  });
});

describe("linear attention by performer-pytorch", () => {
  interface Reference extends Omit<Case, "shape"> {
    readonly heads: number;
    readonly width: number;
    readonly features: number;
    readonly tokens: number;
    readonly inputs: Exclude<Shape["inputs"], string>;
    readonly projection: { readonly data: number[] };
  }
  const { cases } = golden<{ cases: Reference[] }>("linear/performer_pytorch.json");
  it.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const offsets = [0, one.tokens];
    const projection = one.attention === "linear-shen" ? [] : one.projection.data;
    const size = one.tokens * one.heads * one.width;
    const made = Object.entries(one.inputs).map(([name, { seed, scale }]) => [name, randomValues(seed, scale, size)]);
    const inputs = Object.fromEntries(made) as Problem["inputs"];
    const got = compute({ ...one, queryOffsets: offsets, keyOffsets: offsets, projection, inputs });
    for (const name of ["out", "dq", "dk", "dv"] as const) compare(name, got[name], one[name], undefined, []);
  });
});

const base = {
  causal: false,
  heads: 2,
  width: 6,
  features: 10,
  queryOffsets: [0, 7, 8, 150],
  keyOffsets: [0, 7, 8, 150],
};
const random = (seed: number, factor = 1) => ({
  q: randomValues(seed, factor, 150 * 12),
  k: randomValues(seed + 1, factor, 150 * 12),
  v: randomValues(seed + 2, 1, 150 * 12),
  upstream: randomValues(seed + 3, 1, 150 * 12),
});
const projection = randomValues(11, 1.5, 60);
const worst = (a: Float32Array, b: Float32Array) => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));

describe.each(LINEAR)("%s", (attention) => {
  const given = { ...base, attention, kernelEpsilon: attention === "performer" ? 0 : 1e-3, projection };

  it("turned by equal positions is not turned at all (eq. 19 is eq. 18)", () => {
    const store = new ParameterStore();
    const place = new ParameterScope(store, 1);
    const position = positions.rotary({ params: place, embeddingWidth: 1, heads: 2, headSize: 6, maxPositions: 1 });
    const make = (rotation: Rotation, position: Position) =>
      attentions[attention]({
        params: place.at(rotation),
        heads: 2,
        headSize: 6,
        position,
        rotation,
        numRandomFeatures: 10,
      });
    const [turned, plain] = [make("eq19", position), make("rotate-both", positions.none())];
    store.allocate();
    for (const matrix of store.saved) matrix.write(projection);
    scope(() => {
      const [q, k, v] = [1, 2, 3].map((seed) => tensor(randomValues(seed, 1, 9 * 12), [9, 12])) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const batch = new PackedBatch({ ...pack([Array(9).fill(1)]), positions: new Int32Array(9).fill(5) });
      const [a, b] = [turned, plain].map((one, i) =>
        one.forward(q, k, v, { heads: 2, batch, position: i === 0 ? position : positions.none(), mask: {} }).read(),
      );
      expect(worst(a!, b!)).toBeLessThan(1e-5);
    });
    position.free?.();
    store.free();
  });

  it("has weights below 0 where numerators are turned: the paper says that they may", () => {
    // A query's output is out of the range of values only if some weight is below 0.
    const ones = { ...random(5, 1.5), v: Array(150 * 12).fill(1) };
    const sums = compute({ ...given, rotation: "eq19", inputs: ones }).out;
    expect(Math.min(...sums)).toBeLessThan(0.95);
    const plain = compute({ ...given, rotation: "rotate-before", inputs: ones }).out;
    expect(Math.max(...plain.map((x) => Math.abs(x - 1)))).toBeLessThan(1e-3);
  });

  it("does not overflow for keys of norm 30, and no later key has a say in an earlier output", () => {
    const loud = random(9, 20);
    for (const rotation of ["eq19", "rotate-before"] as const) {
      const problem = { ...given, rotation, causal: true, inputs: loud };
      const found = compute(problem);
      for (const values of Object.values(found)) expect([...values].every(Number.isFinite)).toBe(true);
      const changed = { ...loud, k: loud.k.map((x, i) => (i >= 149 * 12 ? 1.2 * x : x)) };
      const after = compute({ ...problem, inputs: changed }).out;
      const earlier = (values: Float32Array) => values.subarray(0, 149 * 12);
      const largest = Math.max(...earlier(found.out).map(Math.abs));
      expect(worst(earlier(after), earlier(found.out))).toBeLessThanOrEqual(1e-5 * largest); // rounding
    }
  });
});

it.each(["linear-shen", "performer"] as const)(
  "%s: a key beside which all earlier ones vanish makes no NaN",
  (name) => {
    const place = new ParameterScope(new ParameterStore(), 1);
    const options = {
      params: place,
      heads: 1,
      headSize: 4,
      position: positions.none(),
      kernelEpsilon: 0,
      numRandomFeatures: 4,
    };
    const layer = attentions[name](options);
    place.store.allocate();
    for (const matrix of place.store.saved) matrix.write(projection.slice(0, 16));
    for (const size of [50, 90, 200, 1e4]) {
      const [k, ones] = [Array.from({ length: 8 }, (_, i) => (i < 4 ? 0 : size)), Array(8).fill(1)];
      const inputs = [Array(8).fill(0.1), k, ones].map((x) => tensor(x, [2, 4])) as [Tensor, Tensor, Tensor];
      const call = { heads: 1, batch: sequences([0, 2]), position: positions.none(), mask: { causal: true } };
      const { loss, gradients } = valueAndGradients(() => sum(layer.forward(...inputs, call)), inputs);
      expect([loss, ...gradients.flatMap((x) => [...x!.read()])].every(Number.isFinite), `${size}`).toBe(true);
      for (const x of [...inputs, ...gradients]) x!.free();
    }
    place.store.free();
  },
);

it("a feature map that is not there is refused by its name", () => {
  scope(() =>
    expect(() => featureMap(tensor([1, 2], [1, 2]), "tanh" as never, { width: 2 })).toThrow(/"tanh" is none/),
  );
});

it("odd numbers of turned features, masks and biases that need scores are refused", () => {
  const place = new ParameterScope(new ParameterStore(), 1);
  const position = positions.rotary({ params: place, embeddingWidth: 1, heads: 1, headSize: 4, maxPositions: 1 });
  const options = { params: place, heads: 1, headSize: 4, position, numRandomFeatures: 7 };
  expect(() => attentions.performer(options)).toThrow(/7 features of a head are odd/);
  expect(() => attentions.performer({ ...options, params: place.at("other") })).toThrow(ConfigError);
  const alibi = positions.alibi({ params: place, embeddingWidth: 1, heads: 1, headSize: 4, maxPositions: 1 });
  expect(() => attentions["linear-elu"]({ ...options, position: alibi })).toThrow(/alibi/);
  scope(() => {
    const x = tensor([1, 2, 3, 4], [1, 4]);
    const call = { heads: 1, batch: sequences([0, 1]), position: positions.none(), mask: { window: 2 } };
    expect(() => attentions["linear-elu"]({ ...options, position: positions.none() }).forward(x, x, x, call)).toThrow(
      /mask with window/,
    );
  });
});

describe("random features", () => {
  const { orthogonalFeatures: expected } = golden<{
    orthogonalFeatures: { width: number; normMean: number; normVariance: number }[];
  }>("linear/performer_pytorch.json");

  it.each(expected.map((one) => [one.width, one] as const))(
    "of width %d are orthogonal in blocks, as long as Gaussian rows, and point anywhere",
    (D, want) => {
      const blocks = Math.ceil(4000 / D);
      const W = orthogonalFeatures(blocks * D, D, new Philox(3, streams.features));
      const rows = Array.from({ length: blocks * D }, (_, i) => [...W.subarray(i * D, (i + 1) * D)]);
      const lengths = rows.map((row) => Math.hypot(...row));
      for (let b = 0; b < 5; b++) {
        for (let i = 0; i < D; i++) {
          for (let j = 0; j < i; j++) {
            const [x, y] = [rows[b * D + i]!, rows[b * D + j]!];
            const cosine = x.reduce((sum, value, c) => sum + value * y[c]!, 0) / Math.hypot(...x) / Math.hypot(...y);
            expect(Math.abs(cosine)).toBeLessThan(1e-6);
          }
        }
      }
      // Within five standard errors of their means.
      const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
      expect(Math.abs(mean - want.normMean)).toBeLessThan(5 * Math.sqrt(want.normVariance / lengths.length));
      for (let c = 0; c < D; c++) {
        const own = Array.from({ length: blocks }, (_, b) => rows[b * D + c]![c]! / lengths[b * D + c]!);
        const average = own.reduce((a, b) => a + b, 0) / blocks;
        expect(Math.abs(average)).toBeLessThan(5 / Math.sqrt(D * blocks)); // LAPACK's signs would make it −0.6 and more
      }
    },
  );

  it("stand for softmax the better, the more they are: errors fall with the root of their number", () => {
    const [T, D] = [64, 16];
    const inputs = {
      q: randomValues(5148, 0.25, T * D),
      k: randomValues(2654440917, 0.25, T * D),
      v: randomValues(1013909390, 1, T * D),
      upstream: Array(T * D).fill(1),
    };
    const shape = {
      causal: false,
      kernelEpsilon: 0,
      heads: 1,
      width: D,
      queryOffsets: [0, T],
      keyOffsets: [0, T],
      inputs,
    };
    const exact = compute({ ...shape, attention: "softmax", rotation: "none", features: 2, projection: [] }).out;
    const counts = [16, 32, 64, 128, 256, 512, 1024];
    const errors = counts.map((features) => {
      const each = [1, 2, 3, 4, 5].map((seed) => {
        const drawn = [...orthogonalFeatures(features, D, new Philox(seed, streams.features))];
        const got = compute({ ...shape, attention: "performer", rotation: "none", features, projection: drawn }).out;
        return norm(got.map((x, i) => x - exact[i]!)) / norm(exact);
      });
      return each.reduce((a, b) => a + b, 0) / each.length;
    });
    // Least squares of log error against log M.
    const [x, y] = [counts.map(Math.log), errors.map(Math.log)];
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const [mx, my] = [mean(x), mean(y)];
    const slope = mean(x.map((value, i) => (value - mx) * (y[i]! - my))) / mean(x.map((value) => (value - mx) ** 2));
    expect(slope).toBeGreaterThan(-0.65);
    expect(slope).toBeLessThan(-0.38);
  });
});
