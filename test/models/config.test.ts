import { expect, it } from "vitest";
import { parseConfig, parseSavedConfig } from "../../ts/models/config.js";

it.each([
  [{ roformer_js: [] }, /roformer_js is a list, not an object/],
  [{ roformer_js: { position: "sideways" } }, /roformer_js\.position is "sideways", not one of rotary/],
  [
    { roformer_js: { rope_parameters: { rope_type: "yarn", factor: 0 } } },
    /roformer_js\.rope_parameters\.factor is 0, not a number ≥ 1/,
  ],
  [{ model_type: "bert", roformer_js: { position: "rotary" } }, /position rotary .*model_type bert does not have/],
  [{ model_type: "bert", embedding_size: 8 }, /embedding_size 8 is not hidden_size 768, which model_type bert/],
  [{ model_type: "bert", position_embedding_type: "relative_key" }, /position_embedding_type is "relative_key"/],
  [{ hidden_size: "8" }, /hidden_size is "8", not a whole number/],
  [{ hidden_act: "gellu" }, /hidden_act is "gellu", not one of/],
  [{ num_atention_heads: 4 }, /num_atention_heads is not a field of a model: did you mean num_attention_heads\?/],
  [{ hidden_size: 10, num_attention_heads: 3 }, /hidden_size 10 is not a multiple of num_attention_heads 3/],
  [{ model_type: "roformer_v2" }, /model_type is "roformer_v2", not one of/],
] as const)("%j is refused, and the field is named", (config, message) => {
  expect(() => parseConfig(config, "config.json")).toThrow(message);
  expect(() => parseConfig(config, "config.json")).toThrow(/^config\.json: /);
});

it("fills in Hugging Face's defaults and keeps what it does not know", () => {
  expect(parseConfig({ some_field: 1 })).toMatchObject({
    vocab_size: 50_000,
    hidden_size: 768,
    hidden_act: "gelu",
    some_field: 1,
  });
  expect(parseConfig({ model_type: "bert" })).toMatchObject({ vocab_size: 30_522, max_position_embeddings: 512 });
});

it.each([
  [
    { a: 0, b: "1", c: true },
    { a: 0, b: 1, c: 1 },
  ],
  [{ a: null, b: {}, c: { valueOf: 1, toString: 1 }, d: [2], e: -1, f: 0.5, g: "x" }, {}],
])("label2id %j keeps the ids among its values", (label2id, want) => {
  const parsed = parseSavedConfig({ model_type: "bert", label2id }, "config.json");
  expect(parsed.label2id).toEqual(want);
});
