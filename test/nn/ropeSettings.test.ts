import { describe, expect, it } from "vitest";
import { ConfigError, RoFormer } from "../../ts/index.js";
import { parseConfig } from "../../ts/models/config.js";
import { type RopeParametersInput, ropeTable } from "../../ts/nn/index.js";
import { golden } from "../golden.js";

interface Frequencies {
  readonly inverseFrequencies: number[];
  readonly attentionFactor: number;
}
interface Case {
  /** Fields of a configuration: a dictionary, and what stands beside it. */
  readonly fields: {
    readonly scaling: Record<string, unknown>;
    readonly outside?: Record<string, unknown>;
    readonly sequenceLength?: number;
  };
  readonly "4.57.6": Frequencies | null;
  readonly "5.24.0": Frequencies | null;
}

const { headSize, maxPositionEmbeddings, cases } = golden<{
  readonly headSize: number;
  readonly maxPositionEmbeddings: number;
  readonly cases: Case[];
}>("rope_settings.json");

const small = { hidden_size: 2 * headSize, num_attention_heads: 2, max_position_embeddings: maxPositionEmbeddings };
const parsed = (roformer_js: object) => parseConfig({ ...small, roformer_js }, "config.json").roformer_js!;

const matches = (got: Frequencies, want: Frequencies) => {
  expect(got.attentionFactor / want.attentionFactor).toBeCloseTo(1, 9);
  expect(got.inverseFrequencies).toHaveLength(want.inverseFrequencies.length);
  for (const [i, frequency] of want.inverseFrequencies.entries()) {
    // The reference is f32.
    expect(Math.abs(got.inverseFrequencies[i]! - frequency)).toBeLessThanOrEqual(2e-6 * frequency);
  }
};

const table = (ropeParameters: RopeParametersInput, sequenceLength?: number) =>
  ropeTable({ headSize, positions: [], ropeParameters, maxPositionEmbeddings, sequenceLength: sequenceLength ?? null });

describe("of two settings that say the same, the one wins that wins in transformers 4.57.6", () => {
  // What one version refuses is as the other has it.
  const known = cases.flatMap(({ fields, "4.57.6": four, "5.24.0": five }) => {
    const want = four ?? five;
    return want ? [[JSON.stringify(fields), fields, want] as const] : [];
  });

  it.each(known)("%s", (_, { scaling, outside, sequenceLength }, want) => {
    for (const name of ["rope_scaling", "rope_parameters"]) {
      matches(table(parsed({ ...outside, [name]: scaling }).rope_parameters!, sequenceLength), want);
    }
    if (!outside) matches(table(scaling as never, sequenceLength), want);
  });

  it("in many cases", () => expect(known.length).toBeGreaterThan(250));
});

describe("rotary settings of a configuration", () => {
  it("are gathered in rope_parameters, where a saved model has them", () => {
    const dynamic = { type: "dynamic", factor: 2 };
    const rope = { rope_type: "dynamic", factor: 2, rope_theta: 500, partial_rotary_factor: 0.5 };
    expect(parsed({ rope_theta: 500, partial_rotary_factor: 0.5, rope_scaling: dynamic })).toEqual({
      rope_parameters: rope,
    });
    expect(parsed({ rope_scaling: null, rope_parameters: rope })).toEqual({ rope_parameters: rope });
    expect(parsed({ rope_theta: 500 }).rope_parameters).toMatchObject({ rope_type: "default", rope_theta: 500 });
    expect(parsed({ position: "alibi" })).toEqual({ position: "alibi" });
  });

  it.each([
    [{ rope_scaling: { type: "spiral" } }, "roformer_js.rope_parameters.rope_type is"],
    [{ rope_scaling: "linear" }, "roformer_js.rope_parameters is"],
    [{ rope_parameters: { rope_type: "linear" } }, "roformer_js.rope_parameters.factor is missing"],
    [
      { rope_parameters: { rope_type: "longrope", short_factor: [1], long_factor: [1, 1, 1, 1] } },
      "roformer_js.rope_parameters.short_factor has 1 numbers, not 4, one for each pair that is turned",
    ],
    [
      { rope_parameters: { rope_type: "longrope", short_factor: [1, 1, 1, 1], long_factor: [1] } },
      "roformer_js.rope_parameters.long_factor has 1 numbers, not 4",
    ],
    [
      { rope_parameters: { partial_rotary_factor: 0.4 } },
      "roformer_js.rope_parameters.partial_rotary_factor is 0.4, which turns 3 of 8 numbers a head",
    ],
  ])("%j is refused by the file's and the field's name", (roformer_js, message) => {
    const load = () => parsed(roformer_js);
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(`config.json: ${message}`);
  });

  it("says of a field that is missing that it is, and no more", () => {
    const path = "config.json: roformer_js.rope_parameters";
    const linear = () => parsed({ rope_parameters: { rope_type: "linear" } });
    expect(linear).toThrow(new ConfigError(`${path}.factor is missing`));
    const longrope = () => parsed({ rope_parameters: { rope_type: "longrope", factor: 2 } });
    expect(longrope).toThrow(new ConfigError(`${path}.short_factor is missing`));
  });

  it("must leave heads of an even size", () => {
    const odd = { ...small, hidden_size: 14 };
    expect(() => parseConfig(odd, "m/config.json")).toThrow(
      "m/config.json: hidden_size is 14 and num_attention_heads 2, which makes heads of 7 numbers",
    );
    expect(() => parseConfig({ ...odd, model_type: "bert" }, "m/config.json")).not.toThrow();
    expect(() => parseConfig({ ...odd, roformer_js: { position: "alibi" } })).not.toThrow();
  });

  it("take effect under the names of transformers 4", () => {
    const config = { ...small, vocab_size: 20, num_hidden_layers: 1, intermediate_size: 8, initializer_range: 0.3 };
    const run = (roformer_js: object) => {
      const model = RoFormer.create({ ...config, roformer_js } as never, { seed: 1 });
      const { data } = model.forward({ inputIds: [[1, 5, 3, 9]] }).lastHiddenState;
      model.close();
      return [...data];
    };
    const scaled = run({ rope_scaling: { type: "linear", factor: 4 }, rope_theta: 700 });
    expect(scaled).toEqual(run({ rope_parameters: { rope_type: "linear", factor: 4, rope_theta: 700 } }));
    expect(scaled).not.toEqual(run({}));
  });
});
