import { describe, expect, it } from "vitest";
import { ConfigError } from "../../ts/errors.js";
import { memory, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { convertRope, type RopeParametersInput, ropeTable } from "../../ts/nn/index.js";
import { golden } from "../golden.js";

/** Tables by Hugging Face's `transformers`, permutations by its conversion of Llama's weights. */
interface Scaling {
  readonly name: string;
  readonly headSize: number;
  readonly ropeParameters: RopeParametersInput;
  readonly maxPositionEmbeddings: number;
  readonly sequenceLength: number | null;
  readonly positions: number[];
  readonly inverseFrequencies: number[];
  readonly attentionFactor: number;
  readonly cos: number[];
  readonly sin: number[];
}
interface Permutation {
  readonly name: string;
  readonly permutation: { heads: number; headSize: number };
  readonly weight: number[];
  readonly bias: number[];
  readonly halfSplitWeight: number[];
  readonly halfSplitBias: number[];
}

const { cases } = golden<{ cases: (Partial<Scaling & Permutation> & { name: string })[] }>("rope_scaling.json");
const scalings = cases.filter((one) => one.inverseFrequencies) as Scaling[];
const permutations = cases.filter((one) => one.permutation) as Permutation[];

describe("ropeTable", () => {
  it.each(scalings.map((one) => [one.name, one] as const))("%s is Hugging Face's", (_, want) => {
    const { headSize, positions, ropeParameters, maxPositionEmbeddings, sequenceLength } = want;
    const got = ropeTable({ headSize, positions, ropeParameters, maxPositionEmbeddings, sequenceLength });
    expect(got.inverseFrequencies).toHaveLength(want.inverseFrequencies.length);
    for (const [i, frequency] of want.inverseFrequencies.entries()) {
      expect(Math.abs(got.inverseFrequencies[i]! - frequency)).toBeLessThanOrEqual(2e-6 * frequency);
    }
    expect(Math.abs(got.attentionFactor / want.attentionFactor - 1)).toBeLessThan(2e-6);
    const pairs = want.inverseFrequencies.length;
    for (const [i, cos] of want.cos.entries()) {
      // The reference computes its angles in f32.
      const angle = want.positions[Math.floor(i / pairs)]! * want.inverseFrequencies[i % pairs]!;
      const unit = (1e-6 + 1e-6 * angle) * Math.max(1, want.attentionFactor);
      expect(Math.abs(got.cos[i]! - cos)).toBeLessThanOrEqual(unit);
      expect(Math.abs(got.sin[i]! - want.sin[i]!)).toBeLessThanOrEqual(unit);
    }
  });

  it.each([
    [{ headSize: 7, positions: [] }, /headSize is 7/],
    [{ headSize: 8, positions: [], ropeParameters: { rope_type: "linear" } }, /factor/],
    [
      { headSize: 8, positions: [], ropeParameters: { rope_type: "spiral" } },
      /rope_type.*"?spiral"?.*not one of default/,
    ],
    [{ headSize: 8, positions: [], ropeParameters: { rope_type: "yarn", factor: 0 } }, /factor is 0/],
    [{ headSize: 8, positions: [], ropeParameters: { rope_theta: "big" } }, /rope_theta is big/],
    [
      { headSize: 6, positions: [], ropeParameters: { partial_rotary_factor: 0.5 } },
      /partial_rotary_factor is 0.5, which turns 3 of 6 numbers/,
    ],
  ] as const)("%j is refused", (options, message) => {
    expect(() => ropeTable(options as never)).toThrow(message);
    expect(() => ropeTable(options as never)).toThrow(ConfigError);
  });
});

describe("convertRope", () => {
  it.each(permutations.map((one) => [one.name, one] as const))("%s: both ways", (_, one) => {
    const { heads, headSize } = one.permutation;
    const half = convertRope({ weight: one.weight, bias: one.bias, heads, headSize, to: "half" });
    expect([...half.weight]).toEqual([...Float32Array.from(one.halfSplitWeight)]);
    expect([...half.bias!]).toEqual([...Float32Array.from(one.halfSplitBias)]);
    const back = convertRope({ ...half, heads, headSize, to: "interleaved" });
    expect([...back.weight]).toEqual([...Float32Array.from(one.weight)]);
    expect([...back.bias!]).toEqual([...Float32Array.from(one.bias)]);
  });
});

const config: RoFormerConfigInput = {
  vocab_size: 30,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 48,
  max_position_embeddings: 8,
  initializer_range: 0.3,
};
const ids = (length: number, step: number) => Array.from({ length }, (_, t) => 1 + ((t * step) % 29));

describe("models with rotary positions", () => {
  it("keep no table up to a far position, and compute there what they compute near", () => {
    const model = RoFormer.create(config, { seed: 1 });
    const inputIds = [[1, 2, 3]];
    const near = model.forward({ inputIds }).lastHiddenState.data;
    const before = memory().used;
    const start = 2 ** 20;
    const far = model.forward({ inputIds, positionIds: [[start, start + 1, start + 2]] }).lastHiddenState.data;
    expect(memory().used - before).toBeLessThan(2 ** 20);
    // Distances are the same; angles of a million radians are rounded to f32 as sine and cosine only.
    expect(Math.max(...near.map((x, i) => Math.abs(x - far[i]!)))).toBeLessThan(1e-4);
    model.close();
  });
});

describe("models with scaled positions", () => {
  it.each([
    { rope_type: "linear", factor: 2 },
    { rope_type: "dynamic", factor: 2 },
    { rope_type: "yarn", factor: 4 },
    { rope_type: "default", rope_theta: 500, partial_rotary_factor: 0.5 },
  ] as RopeParametersInput[])("%j: a text alone gives the bits that it gives in a batch", (rope_parameters) => {
    const model = RoFormer.create({ ...config, roformer_js: { rope_parameters } } as never, { seed: 1 });
    const texts = [ids(5, 3), ids(20, 7), ids(8, 5)];
    const width = 20;
    const padded = texts.map((text) => [...text, ...Array(width - text.length).fill(0)]);
    const attentionMask = texts.map((text) => Array.from({ length: width }, (_, t) => (t < text.length ? 1 : 0)));
    const together = model.forward({ inputIds: padded, attentionMask }).lastHiddenState.data;
    for (const [b, text] of texts.entries()) {
      const alone = model.forward({ inputIds: [text] }).lastHiddenState.data;
      expect([...together.slice(b * width * 32, (b * width + text.length) * 32)]).toEqual([...alone]);
    }
    model.close();
  });

  it("turns with linear scaling by half as many positions", () => {
    const plain = RoFormer.create(config, { seed: 1 });
    const scaled = RoFormer.create(
      { ...config, roformer_js: { rope_parameters: { rope_type: "linear", factor: 2 } } },
      { seed: 1 },
    );
    const inputIds = [ids(6, 5)];
    const positionIds = [[0, 2, 4, 6, 8, 10]];
    const want = plain.forward({ inputIds }).lastHiddenState.data;
    expect([...scaled.forward({ inputIds, positionIds }).lastHiddenState.data]).toEqual([...want]);
    expect([...scaled.forward({ inputIds }).lastHiddenState.data]).not.toEqual([...want]);
    for (const model of [plain, scaled]) model.close();
  });
});
