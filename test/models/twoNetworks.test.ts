import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { engine } from "../../ts/engine/engine.js";
import { CheckpointError, ConfigError, init } from "../../ts/index.js";
import { openFiles } from "../../ts/io/files.js";
import { openWeights } from "../../ts/io/formats.js";
import { parseConfig } from "../../ts/models/config.js";
import { packInputs } from "../../ts/models/inputs.js";
import { Network } from "../../ts/models/network.js";
import { packTargets } from "../../ts/models/targets.js";
import { PackedBatch } from "../../ts/nn/packed.js";
import { ParameterStore } from "../../ts/nn/parameters.js";
import { training } from "../../ts/nn/training.js";
import { scope } from "../../ts/tensor/scope.js";
import { golden } from "../golden.js";

/** An EncoderDecoderModel of transformers with its loss and gradients in f64, by `make_models.py`. */
interface Case {
  readonly inputs: Record<
    "inputIds" | "attentionMask" | "decoderInputIds" | "decoderAttentionMask" | "labels",
    number[][]
  >;
  readonly expected: {
    readonly loss: number;
    readonly gradientSamples: Record<string, { readonly indices: number[]; readonly values: number[] }>;
  };
}

const { inputs, expected } = golden<Case>("encoderDecoder/case.json");
const configs = golden<{ encoder: object; decoder: object }>("encoderDecoder/config.json");

/** An encoder and a decoder, each with its own configuration and prefix, and the parameters of both in one store. */
function networks() {
  const store = new ParameterStore();
  const encoder = new Network(parseConfig(configs.encoder), { head: "base", store, prefix: "encoder" });
  // The labels of an EncoderDecoderModel are not shifted, so its decoder's loss is that of a masked language model.
  const decoder = new Network(parseConfig(configs.decoder), { head: "masked-lm", store, prefix: "decoder" });
  store.allocate();
  store.initialise(1);
  const end = () => {
    for (const network of [encoder, decoder]) network.free();
  };
  return { store, encoder, decoder, end };
}

type Pair = ReturnType<typeof networks>;

/** The decoder's loss, and gradients of all parameters. */
function run(
  { store, encoder, decoder }: Pair,
  recompute: boolean,
): { loss: number; gradients: Map<string, number[]> } {
  store.requireGradients();
  store.zeroGradients();
  const given = packInputs({ inputIds: inputs.inputIds, attentionMask: inputs.attentionMask });
  const own = packInputs({ inputIds: inputs.decoderInputIds, attentionMask: inputs.decoderAttentionMask });
  const targets = packTargets({ inputIds: [], labels: inputs.labels }, own.layout, "tokens")!;
  const loss = scope(() => {
    const [source, batch] = [new PackedBatch(given.packed), new PackedBatch(own.packed)];
    const compute = () => {
      const states = encoder.encode(source, { recompute });
      const hidden = decoder.encode(batch, { encoder: { states, batch: source }, recompute });
      return decoder.head.loss(hidden, batch, targets);
    };
    return valueAndGradients(compute).loss;
  });
  return { loss, gradients: new Map(store.parameters.map((one) => [one.name, [...one.gradient().data]])) };
}

beforeAll(async () => {
  await init();
  engine().set_poison(true);
});

describe("an encoder and a decoder in one store", () => {
  it.each([false, true])("have the loss and the gradients of transformers (recompute: %s)", async (recompute) => {
    const before = engine().live();
    const pair = networks();
    const files = openFiles(fileURLToPath(new URL("../golden/encoderDecoder", import.meta.url)));
    const weights = await openWeights(files);
    for (const parameter of pair.store.parameters) await parameter.writePieces(weights.pieces(parameter.name));
    const { loss, gradients } = run(pair, recompute);
    expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-6 * expected.loss);
    const samples = Object.entries(expected.gradientSamples);
    expect(samples.map(([name]) => name).sort()).toEqual([...gradients.keys()].sort());
    const top = Math.max(...samples.flatMap(([, { values }]) => values.map(Math.abs)));
    for (const [name, { indices, values }] of samples) {
      const largest = Math.max(...values.map(Math.abs));
      for (const [n, i] of indices.entries()) {
        const error = Math.abs(gradients.get(name)![i]! - values[n]!);
        expect(error, `${name}[${i}]`).toBeLessThanOrEqual(1e-4 * Math.max(largest, 0.01 * top));
      }
      if (name.startsWith("encoder.")) expect(largest, name).toBeGreaterThan(0);
    }
    pair.end();
    expect(engine().live()).toBe(before);
  });

  it("draw dropout of their own, and the same bits with recompute", () => {
    const pair = networks();
    const step = (number: number, recompute: boolean) =>
      training({ seed: 3, step: number }, () => run(pair, recompute));
    expect(step(1, true)).toEqual(step(1, false));
    expect(step(2, false).loss).not.toBe(step(1, false).loss);
    pair.end();
  });

  it("must not give states to a network that does not look at any", () => {
    const { encoder, decoder, end } = networks();
    scope(() => {
      const batch = new PackedBatch(packInputs({ inputIds: [[1, 2, 3]] }).packed);
      const others = { states: decoder.encode(batch), batch };
      expect(() => encoder.encode(batch, { encoder: others })).toThrow(ConfigError);
      expect(() => encoder.encode(batch, { encoder: others })).toThrow("the model has no cross-attention");
    });
    end();
  });

  it("must not have a name in common", () => {
    const store = new ParameterStore();
    const create = () => new Network(parseConfig(configs.encoder), { head: "base", store });
    create();
    expect(create).toThrow(CheckpointError);
  });
});
