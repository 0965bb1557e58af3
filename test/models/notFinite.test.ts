import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { IGNORED, pack, positions } from "../../ts/nn/index.js";
import { logitsOf } from "./logits.js";

beforeAll(() => engine().set_poison(true));

const config: RoFormerConfigInput = {
  vocab_size: 80,
  embedding_size: 20,
  hidden_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 40,
  max_position_embeddings: 64,
  initializer_range: 0.3,
  tie_word_embeddings: false,
};

/** Three sequences of 5, 40 and 9 tokens; no id is used twice, and {@link BROKEN} is one of the second's. */
const sequences = [5, 40, 9].map((length, b) => Array.from({ length }, (_, t) => 1 + [0, 5, 45][b]! + t));
const BROKEN = 23;
const packed = pack(sequences);

const words = (model: RoFormer) => model.parameters().find(({ name }) => name.endsWith("word_embeddings.weight"))!;

/** Logits, `[54, 80]`, and the words' gradients, `[80, 20]`, of the loss of the first and the last sequence. */
function run(model: RoFormer): { logits: Float32Array; gradients: Float32Array } {
  const tokens = Int32Array.from(packed.tokens, (id, i) => (i >= 5 && i < 45 ? IGNORED : (7 * id) % 80));
  const logits = logitsOf(model, packed);
  model.store.zeroGradients();
  model.lossAndGradients(packed, { tokens });
  const gradients = model.store.parameters.find(({ name }) => name === words(model).name)!.gradient().data;
  return { logits, gradients: gradients as Float32Array };
}

describe.each(Object.keys(positions) as (keyof typeof positions)[])("a model with positions %s", (position) => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "whose one word is %s gives no number for texts with that word, and the same bits as ever for others",
    (special) => {
      const model = RoFormer.create({ ...config, roformer_js: { position } }, { head: "masked-lm", seed: 3 });
      const clean = run(model);
      const values = words(model).read();
      values[20 * BROKEN + 3] = special;
      words(model).write(values);
      const broken = run(model);
      for (const [from, to] of [
        [0, 5],
        [45, 54],
      ] as const) {
        expect([...broken.logits.slice(80 * from, 80 * to)]).toEqual([...clean.logits.slice(80 * from, 80 * to)]);
        // The ids of the tokens count from 1.
        const rows = [20 * (from + 1), 20 * (to + 1)];
        expect([...broken.gradients.slice(...rows)]).toEqual([...clean.gradients.slice(...rows)]);
      }
      expect(broken.logits.slice(80 * 5, 80 * 45).every(Number.isNaN)).toBe(true);
      model.close();
    },
  );
});
