import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { convert, RoFormer } from "../../../ts/index.js";
import { type PretrainOptions, pretrain, trainTokenizer } from "../../../ts/train/index.js";
import { temporaryFolder } from "../../process.js";

const TEXT = "the cat sat on the mat and the dog ran far away.\n".repeat(80);
const data = { name: "a.txt", bytes: new TextEncoder().encode(TEXT) };
/** A step that changes nothing to speak of. */
const still: PretrainOptions = { objective: "mlm", data, steps: 1, batch: 2, maxLength: 16, lr: 1e-12, weightDecay: 0 };

async function bertFolder(): Promise<string> {
  const folder = join(temporaryFolder(), "bert");
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines: [TEXT], vocabSize: 60 });
  const model_type = "bert" as const;
  const config = {
    ...{ model_type, vocab_size: tokenizer.vocabSize, hidden_size: 16, num_hidden_layers: 2 },
    ...{ num_attention_heads: 2, intermediate_size: 32, max_position_embeddings: 24 },
  } as const;
  const model = RoFormer.create(config, { head: "masked-lm", tokenizer, seed: 3 });
  await model.save(folder);
  model.close();
  return folder;
}

const weights = (model: RoFormer) => new Map(model.parameters().map((one) => [one.name, [...one.read()]]));

describe("a model that goes on being trained", () => {
  it("as a RoFormer keeps all of BERT's weights but the positions, as convert does", async () => {
    const bert = await bertFolder();
    const converted = join(temporaryFolder(), "converted");
    await convert(bert, converted, { from: "bert" });
    const want = await RoFormer.load(converted);
    const out = join(temporaryFolder(), "out");
    const { model } = await pretrain({ ...still, init: bert, position: "rotary", maxLength: 40, out });
    expect(model.config).toMatchObject({ model_type: "roformer", max_position_embeddings: 40 });
    expect(model.unexpected.some((name) => name.endsWith("position_embeddings.weight"))).toBe(true);
    const [found, expected] = [weights(model), weights(want)];
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [name, values] of expected)
      for (const [i, value] of values.entries()) expect(found.get(name)![i]).toBeCloseTo(value, 6);
    const saved = await RoFormer.load(out);
    expect(saved.trainedLength).toBe(40);
    for (const one of [model, want, saved]) one.close();
  });

  it("stays BERT without a position, and takes another attention with its own positions", async () => {
    const bert = await bertFolder();
    const same = await pretrain({ ...still, init: bert });
    expect(same.model.config.model_type).toBe("bert");
    const linear = await pretrain({ ...still, init: bert, attention: "linear-elu", position: "rotary" });
    expect(linear.model.config.roformer_js).toMatchObject({ position: "rotary", attention: "linear-elu" });
    for (const { model } of [same, linear]) model.close();
  });

  it("is refused other positions, and texts that learned ones do not reach", async () => {
    const bert = await bertFolder();
    const run = (change: Partial<PretrainOptions>) => pretrain({ ...still, init: bert, ...change });
    await expect(run({ position: "alibi" })).rejects.toThrow(
      'position is "alibi", and the model\'s own is "learned": with init, learned positions can be replaced by rotary ones',
    );
    await expect(run({ maxLength: 25 })).rejects.toThrow("maxLength is 25, and the model has learned 24 positions");
    const stages = [
      { maxLength: 16, batch: 1, steps: 1 },
      { maxLength: 32, batch: 1, steps: 1 },
    ];
    await expect(run({ maxLength: undefined, batch: undefined, steps: undefined, stages })).rejects.toThrow(
      "the model has learned 24 positions",
    );
    await expect(run({ layers: 3 })).rejects.toThrow("layers cannot be set together with init");
  });
});
