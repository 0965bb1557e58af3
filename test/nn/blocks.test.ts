import { beforeAll, describe, expect, it } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { engine } from "../../ts/engine/engine.js";
import { ConfigError, init } from "../../ts/index.js";
import { attentions, EncoderLayer, type LayerOptions, positions, sum } from "../../ts/nn/index.js";
import { PackedBatch, pack } from "../../ts/nn/packed.js";
import { ParameterScope, ParameterStore } from "../../ts/nn/parameters.js";
import { linear } from "../../ts/ops/gemm.js";
import { add, reshape } from "../../ts/ops/reduce.js";
import { scope } from "../../ts/tensor/scope.js";
import { expectClose, random, slopes, tensorOf } from "../conformance/checks.js";
import { placesOf } from "../conformance/masks.js";
import { attentionReferences } from "../conformance/references/attentions.js";
import { positionReferences } from "../conformance/references/positions.js";
import * as formulas from "../ops/formulas.js";

const [HEADS, D, F, EPS] = [2, 4, 6, 1e-5];
const C = HEADS * D;
const LENGTHS = [5, 1, 3];
const [N, S] = [9, 4];
/** An encoder's sequences: of other lengths, one of them empty. */
const KEYS = [3, 0, 1];

const norm = (name: string) => `${name}.norm`;
const parted = {
  attention: { qkv: ["a.q", "a.k", "a.v"], output: "a.o", norm: norm("a"), features: "a" },
  crossAttention: { query: "c.q", keyValue: ["c.k", "c.v"], output: "c.o", norm: norm("c"), features: "c" },
  feedForward: { input: ["f.act", "f.gate"], output: "f.o", norm: norm("f") },
} as const;
const fused = {
  attention: { ...parted.attention, qkv: "a.qkv" },
  crossAttention: { ...parted.crossAttention, keyValue: "c.kv" },
  feedForward: { ...parted.feedForward, input: "f.both" },
};

type Kind = Pick<LayerOptions, "norm" | "bias" | "gated" | "window" | "crossAttention"> & {
  readonly names: typeof parted | typeof fused;
  readonly causal?: boolean;
};

/** Where the parts of a layer have no norm. */
const bare = (names: typeof parted) => ({ ...names, attention: { ...names.attention, norm: undefined } }) as never;
const plain = { bias: true, gated: false, crossAttention: false, names: parted } as const;
const KINDS: readonly (readonly [string, Kind])[] = [
  ["BERT's", { ...plain, norm: "post" }],
  ["a decoder's", { ...plain, norm: "post", crossAttention: true, causal: true }],
  ["NomicBERT's", { ...plain, norm: "post", bias: false, gated: true }],
  ["ModernBERT's", { norm: "pre", bias: false, gated: true, window: 1, crossAttention: false, names: fused }],
  ["pre-norm, causal, with a window", { ...plain, norm: "pre", window: 2, causal: true }],
  ["pre-norm, without a first norm", { ...plain, norm: "pre", names: bare(parted) }],
  ["post-norm, without a first norm", { ...plain, norm: "post", names: bare(parted) }],
  ["gated, with biases in joined tensors", { ...plain, norm: "pre", gated: true, names: fused, crossAttention: true }],
];

/** Values by names, in f64. */
type Values = ReadonlyMap<string, Float64Array>;

/** The layer as the papers have it. */
function reference(x: Float64Array, states: Float64Array, values: Values, kind: Kind): Float64Array {
  const value = (name: string) => values.get(name);
  /** Projection `part` of several that may be one tensor. */
  const project = (from: Float64Array, name: string | readonly string[], part: number, O: number, I: number) => {
    const own = typeof name === "string" ? name : name[part]!;
    const at = typeof name === "string" ? part : 0;
    const weight = value(`${own}.weight`)!.slice(at * O * I, (at + 1) * O * I);
    const bias = value(`${own}.bias`)?.slice(at * O, (at + 1) * O);
    return formulas.linear(from, weight, bias, from.length / I, O, I);
  };
  const layerNorm = (y: Float64Array, name: string | undefined) => {
    if (name === undefined) return y;
    const bias = value(`${name}.bias`) ?? new Float64Array(C);
    return formulas.layerNorm(y, value(`${name}.weight`)!, bias, C, EPS);
  };
  const around = (y: Float64Array, name: string | undefined, part: (y: Float64Array) => Float64Array) => {
    const sum = (other: Float64Array) => y.map((v, i) => v + other[i]!);
    return kind.norm === "post" ? layerNorm(sum(part(y)), name) : sum(part(layerNorm(y, name)));
  };
  const attend = (qkv: Float64Array[], keys: readonly number[], own: object) =>
    attentionReferences.softmax(qkv, {
      ...{ heads: HEADS, headSize: D, rotation: "eq19", epsilon: undefined, projection: new Float64Array() },
      ...{ position: positionReferences.none, queries: placesOf(LENGTHS), keys: placesOf(keys), ...own },
    });
  const { attention, crossAttention, feedForward } = kind.names;
  const { window, causal } = kind;
  let y = around(x, attention.norm, (h) => {
    const qkv = [0, 1, 2].map((part) => project(h, attention.qkv, part, C, C));
    const own = { position: positionReferences["rotary-half"], causal, window };
    return project(attend(qkv, LENGTHS, own), attention.output, 0, C, C);
  });
  if (kind.crossAttention)
    y = around(y, crossAttention.norm, (h) => {
      const keyValue = [0, 1].map((part) => project(states, crossAttention.keyValue, part, C, C));
      const own = attend([project(h, crossAttention.query, 0, C, C), ...keyValue], KEYS, {});
      return project(own, crossAttention.output, 0, C, C);
    });
  return around(y, feedForward.norm, (h) => {
    const { input } = feedForward;
    const first = project(h, input, 0, F, C).map(formulas.activations.gelu);
    const gate = kind.gated ? project(h, input, 1, F, C) : first.map(() => 1);
    return project(
      first.map((v, i) => v * gate[i]!),
      feedForward.output,
      0,
      C,
      F,
    );
  });
}

/** A layer of a kind, with what it declared. */
function layerOf({ causal: _, ...kind }: Kind) {
  const store = new ParameterStore();
  const params = new ParameterScope(store, 0.5);
  const place = { params: params.at("positions"), embeddingWidth: C, maxPositions: 64 };
  const position = positions["rotary-half"]({ ...place, heads: HEADS, headSize: D });
  const layer = new EncoderLayer(params, {
    ...{ width: C, heads: HEADS, intermediateWidth: F, activation: "gelu", eps: EPS },
    ...{ hiddenDropout: 0, attentionDropout: 0, attention: () => attentions.softmax(), position, rotateValue: false },
    ...kind,
  });
  store.allocate();
  store.initialise(3);
  // Norms that do something, and biases that are not 0.
  for (const [i, one] of store.parameters.entries())
    if (one.shape.length === 1)
      one.write(random(one.size, 30 + i).map((v) => v + Number(/norm\.weight/.test(one.name))));
  const end = () => {
    position.free?.();
    store.free();
  };
  return { layer, store, end };
}

beforeAll(async () => {
  await init();
  engine().set_poison(true);
});

describe("a layer", () => {
  it.each(KINDS)("%s: values and gradients are the f64 reference's", (_, kind) => {
    const before = engine().live();
    const { layer, store, end } = layerOf(kind);
    store.requireGradients();
    const [x, states, weights] = [random(N * C, 1), random(S * C, 2), random(N * C, 3)];
    const names = store.parameters.map(({ name }) => name);
    const values = store.parameters.map((one) => Float64Array.from(one.read()));
    const formula = ([x, states, ...all]: readonly Float64Array[]) =>
      reference(x!, states!, new Map(all.map((one, i) => [names[i]!, one])), kind);
    scope(() => {
      const batch = new PackedBatch(pack(LENGTHS.map((length) => new Array(length).fill(1))));
      const keys = new PackedBatch(pack(KEYS.map((length) => new Array(length).fill(1))));
      const [a, b] = [tensorOf(x, [N, C]), tensorOf(states, [S, C])];
      const encoder = { states: b, batch: keys };
      let y = new Float32Array();
      const { gradients } = valueAndGradients(() => {
        const out = layer.forward(a, batch, kind.causal ? { causal: true } : {}, encoder);
        y = Float32Array.from(out.read());
        const loss = linear(reshape(out, [1, N * C]), tensorOf(weights, [1, N * C]));
        return add(loss, reshape(sum(b, 0), [1, 1])); // without cross-attention the states have a gradient of 0
      }, [a, b]);
      expectClose(y, formula([x, states, ...values]), 5e-6);
      const got = [...gradients.map((one) => one!.read()), ...store.parameters.map((one) => one.gradient().data)];
      const wanted = slopes(formula, [x, states, ...values], weights);
      for (const [i, want] of wanted.entries())
        expectClose(got[i]!, want, 1e-4, `gradient of ${["x", "states", ...names][i]}`);
    });
    const fewer = (name: string) => names.filter((one) => one.endsWith(name)).length;
    expect(fewer("bias") > 0).toBe(kind.bias);
    end();
    expect(engine().live()).toBe(before);
  });

  it("has the same bits whether its projections are one tensor or several", () => {
    const kind = { norm: "pre", bias: true, gated: true, crossAttention: true } as const;
    const [one, several] = [layerOf({ ...kind, names: fused }), layerOf({ ...kind, names: parted })];
    const joins = {
      "a.qkv": parted.attention.qkv,
      "c.kv": parted.crossAttention.keyValue,
      "f.both": ["f.act", "f.gate"],
    };
    const from = new Map(several.store.parameters.map((own) => [own.name, own.read()]));
    for (const own of one.store.parameters) {
      const [, name = "", of = ""] = /^(.*)\.(\w+)$/.exec(own.name) ?? [];
      const parts: readonly string[] = joins[name as keyof typeof joins] ?? [name];
      own.write(parts.flatMap((part) => [...from.get(`${part}.${of}`)!]));
    }
    const run = ({ layer, store }: typeof one) => {
      store.pack();
      return scope(() => {
        const batch = new PackedBatch(pack(LENGTHS.map((length) => new Array(length).fill(1))));
        const keys = new PackedBatch(pack(KEYS.map((length) => new Array(length).fill(1))));
        const encoder = { states: tensorOf(random(S * C, 2), [S, C]), batch: keys };
        return [...layer.forward(tensorOf(random(N * C, 1), [N, C]), batch, {}, encoder).read()];
      });
    };
    expect(run(one)).toEqual(run(several));
    for (const { end } of [one, several]) end();
  });

  it("refuses cross-attention that it has no names for, and heads that do not divide the width", () => {
    const { crossAttention: _, ...names } = parted;
    expect(() => layerOf({ ...plain, norm: "post", crossAttention: true, names: names as never })).toThrow(ConfigError);
    expect(() => layerOf({ ...plain, norm: "post", ...({ heads: 3 } as object) })).toThrow(/hidden_size 8 is not/);
  });
});
