import { describe, expect, it } from "vitest";
import { CheckpointError, ConfigError, RoFormer } from "../../ts/index.js";
import { apart, sentenceCase, sentenceCases, sentenceFiles } from "./sentenceFolders.js";

const { texts } = sentenceCases;
const MEAN = sentenceCase("pooling_mode mean");
const TRANSFORMER = { type: "sentence_transformers.models.Transformer", path: "" };
const POOLING = { type: "sentence_transformers.models.Pooling", path: "1_Pooling" };
const module = (type: string) => ({ type, path: "2_Module" });
const models = (name: string) => module(`sentence_transformers.models.${name}`);
const NEW = "sentence_transformers.sentence_transformer.modules";

/** What is in a folder beside its encoder, and how the error begins. */
type Refused = readonly [what: string, change: Readonly<Record<string, unknown>>, message: RegExp];

const unsupported: readonly Refused[] = [
  ...["CNN", "LSTM", "WordWeights", "WeightedLayerPooling", "Router", "Asym"].map(
    (name): Refused => [
      name,
      { "modules.json": [TRANSFORMER, POOLING, models(name)] },
      new RegExp(`modules.json: the module ${name} is not supported`),
    ],
  ),
  ...["Router", "Asym", "StaticEmbedding", "BoW", "CLIPModel", "WordEmbeddings"].map(
    (name): Refused => [
      `${name}, the first`,
      { "modules.json": [{ type: `${NEW}.any.${name}`, path: "" }, POOLING] },
      new RegExp(`modules.json: the first module is ${name}, not a Transformer`),
    ],
  ),
  [
    "code of its own",
    { "modules.json": [TRANSFORMER, POOLING, module("custom_pooling.Pooling")] },
    /the module custom_pooling.Pooling is not supported/,
  ],
  [
    "a SPLADE model",
    { "modules.json": [TRANSFORMER, { type: "sentence_transformers.sparse_encoder.models.SpladePooling", path: "1" }] },
    /the module SpladePooling is not supported/,
  ],
  [
    "a model of another kind",
    { "config_sentence_transformers.json": { model_type: "CrossEncoder" } },
    /model_type is CrossEncoder/,
  ],
  ["no pooling", { "modules.json": [TRANSFORMER] }, /no module makes a vector of a text/],
  [
    "Dense before the pooling",
    { "modules.json": [TRANSFORMER, { ...models("Dense"), path: "d" }, POOLING], ...dense({}) },
    /Dense comes before any Pooling/,
  ],
  [
    "an unknown flag",
    pooling({ pooling_mode_attention: true }),
    /1_Pooling \(Pooling\): pooling_mode_attention is not supported/,
  ],
  [
    "an unknown mode",
    pooling({ pooling_mode: "attention" }),
    /pooling_mode is "attention", not one or several of cls, max,.*lasttoken/,
  ],
  [
    "modes of which one is unknown",
    pooling({ pooling_mode: ["mean", "median"] }),
    /pooling_mode is \["mean","median"\]/,
  ],
  ["no mode", pooling({ pooling_mode: [] }), /pooling_mode is \[\]/],
  ["null for a mode", pooling({ pooling_mode: null }), /pooling_mode is null/],
  [
    "an activation of its own",
    withDense({ activation_function: "mine.Act" }),
    /activation_function is "mine.Act", which is not supported/,
  ],
  [
    "an activation with arguments",
    withDense({ activation_function: "torch.nn.modules.activation.GLU" }),
    /GLU", which is not supported/,
  ],
  [
    "another input",
    withDense({ module_input_name: "all_layer_embeddings" }),
    /it makes all_layer_embeddings of all_layer_embeddings/,
  ],
  [
    "tokens to a vector",
    withDense({ module_input_name: "token_embeddings", module_output_name: "sentence_embedding" }),
    /it makes sentence_embedding of token_embeddings/,
  ],
  [
    "another task",
    { "sentence_bert_config.json": { transformer_task: "fill-mask" } },
    /transformer_task fill-mask is not supported/,
  ],
  [
    "messages",
    { "sentence_bert_config.json": { modality_config: { text: {}, message: {} } } },
    /takes messages, not texts/,
  ],
  [
    "another output",
    {
      "sentence_bert_config.json": {
        modality_config: { text: { method_output_name: "logits" } },
        module_output_name: "token_embeddings",
      },
    },
    /makes token_embeddings of logits/,
  ],
];

function pooling(config: object) {
  return { "1_Pooling/config.json": { embedding_dimension: 16, ...config } };
}

function dense(config: object) {
  return {
    "d/config.json": { in_features: 16, out_features: 8, bias: true, ...config },
    "d/model.safetensors": "@weights/16to8.safetensors",
  };
}

function withDense(config: object) {
  return { "modules.json": [TRANSFORMER, POOLING, { ...models("Dense"), path: "d" }], ...dense(config) };
}

describe("a folder whose vectors cannot be computed", () => {
  it.each(unsupported)(
    "%s: loads, says why when it embeds, and embeds with a pooling that is named",
    async (_, change, message) => {
      const model = await RoFormer.load(sentenceFiles(MEAN, change));
      await expect(model.embed("a")).rejects.toThrow(message);
      await expect(model.search("a", ["b"])).rejects.toThrow(ConfigError);
      expect(model.sentences!.problem).toMatch(message);
      expect(model.sentences!.pooling).toBeUndefined();
      expect(apart(await model.embed(texts, { pooling: "mean" }), MEAN.runs[0]!.vectors)).toBeLessThan(2e-5);
      model.close();
    },
  );
});

const broken: readonly (readonly [
  string,
  Readonly<Record<string, unknown>>,
  new (...args: never[]) => Error,
  RegExp,
])[] = [
  ["modules.json that is an object", { "modules.json": {} }, ConfigError, /modules.json is not a list of modules/],
  ["modules.json that is cut off", { "modules.json": '[{"type": ' }, ConfigError, /modules.json is not JSON/],
  [
    "a path out of the folder",
    { "modules.json": [TRANSFORMER, { ...POOLING, path: "../x" }] },
    ConfigError,
    /module 1 is "\.\.\/x"/,
  ],
  ["a module without a type", { "modules.json": [{ path: "" }] }, ConfigError, /module 0 has no type/],
  [
    "a transformer that is not there",
    { "modules.json": [{ ...TRANSFORMER, path: "0_Transformer" }] },
    ConfigError,
    /^0_Transformer\/config.json: no such file/,
  ],
  [
    "WordEmbeddings and no transformer",
    { "config.json": undefined, "modules.json": [models("WordEmbeddings"), POOLING] },
    ConfigError,
    /first module is WordEmbeddings, which is not supported/,
  ],
  [
    "max_seq_length that is a text",
    { "sentence_bert_config.json": { max_seq_length: "long" } },
    ConfigError,
    /sentence_bert_config.json: max_seq_length: /,
  ],
  [
    "prompts that are a list",
    { "config_sentence_transformers.json": { prompts: { a: [] } } },
    ConfigError,
    /config_sentence_transformers.json: prompts\.a: /,
  ],
  [
    "Dense without weights",
    { ...withDense({}), "d/model.safetensors": undefined },
    CheckpointError,
    /^d: there is none of model.safetensors, pytorch_model.bin/,
  ],
  [
    "Dense of another shape",
    withDense({ out_features: 4 }),
    CheckpointError,
    /d\/model.safetensors: linear.bias is \[8\], not \[4\]/,
  ],
  [
    "Dense without its residual",
    withDense({ use_residual: true }),
    CheckpointError,
    /there is no tensor residual.weight/,
  ],
];

describe("a broken folder", () => {
  it.each(broken)("%s: is refused when it is loaded", async (_, change, kind, message) => {
    const loading = RoFormer.load(sentenceFiles(MEAN, change));
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(kind);
  });

  it("Dense of another width is refused when it embeds", async () => {
    const two = sentenceFiles(MEAN, { ...withDense({}), ...pooling({ pooling_mode: ["mean", "cls"] }) });
    const model = await RoFormer.load(two);
    await expect(model.embed("a")).rejects.toThrow(/d: in_features is 16, but sentence_embedding has 32 numbers/);
    model.close();
  });
});

describe("what a call says otherwise than the folder", () => {
  const embed = async (name: string, options: object, change = {}) => {
    const model = await RoFormer.load(sentenceFiles(sentenceCase(name), change));
    try {
      return await model.embed(texts, options);
    } finally {
      model.close();
    }
  };
  const want = (name: string) => sentenceCase(name).runs[0]!.vectors;

  it("a pooling takes the place of the folder's; its other modules stay", async () => {
    expect(apart(await embed("flag of cls", { pooling: "max" }), want("flag of max"))).toBeLessThan(2e-5);
    expect(
      apart(await embed("pooling_mode mean", { pooling: ["max", "cls"] }), want("pooling_mode, two")),
    ).toBeLessThan(2e-5);
    const dense = { pooling: "cls", normalize: true } as const;
    const model = await RoFormer.load(sentenceFiles({ ...sentenceCase("Dense"), encoder: "roformer" }));
    expect(apart(await model.embed(texts, dense), want("Dense, Normalize"))).toBeLessThan(2e-5);
    model.close();
  });

  it("last is lasttoken", async () => {
    expect(apart(await embed("pooling_mode mean", { pooling: "last" }), want("pooling_mode lasttoken"))).toBeLessThan(
      2e-5,
    );
  });

  it("normalize: false leaves out the Normalize at the end, and no other", async () => {
    const normalized = sentenceCase("Normalize, Dense, Normalize").files;
    const modules = (normalized["modules.json"] as object[]).slice(0, -1);
    const without = await embed("Normalize, Dense, Normalize", {}, { "modules.json": modules });
    expect(await embed("Normalize, Dense, Normalize", { normalize: false })).toEqual(without);
    expect(apart(without, want("Normalize, Dense, Normalize"))).toBeGreaterThan(1e-2);
  });

  it("a prompt's name that the model does not have, and a default that it does not have, are refused", async () => {
    await expect(embed("prompts without a default", { promptName: "title" })).rejects.toThrow(
      'embed: promptName is "title"; its prompts are query, document, passage',
    );
    const lost = { "config_sentence_transformers.json": { default_prompt_name: "title" } };
    await expect(embed("pooling_mode mean", {}, lost)).rejects.toThrow(
      'default_prompt_name is "title"; its prompts are query, document',
    );
    expect(apart(await embed("pooling_mode mean", { prompt: "" }, lost), want("pooling_mode mean"))).toBeLessThan(2e-5);
  });

  it("max over a text that is all prompt, which the model leaves out, is refused", async () => {
    const max = { "1_Pooling/config.json": { embedding_dimension: 16, pooling_mode: "max", include_prompt: false } };
    await expect(embed("no special tokens, mean", {}, max)).rejects.toThrow(
      /pooling "max": the prompt fills the whole text/,
    );
  });

  it("queries may have a prompt of their own", async () => {
    const model = await RoFormer.load(sentenceFiles(sentenceCase("prompts without a default")));
    const [query] = await model.embed(["who"], { promptName: "query" });
    const passages = await model.embed(texts, { promptName: "passage" });
    const score = (b: Float32Array) =>
      query!.reduce((s, x, i) => s + x * b[i]!, 0) / Math.hypot(...query!) / Math.hypot(...b);
    for (const options of [{ queryPromptName: "query" }, { queryPrompt: "query : " }] as const)
      for (const { index, score: got } of await model.search("who", texts, { promptName: "passage", ...options }))
        expect(Math.abs(got - score(passages[index]!))).toBeLessThan(1e-6);
    model.close();
  });

  it("a similarity that is not known is refused unless the call names another", async () => {
    const model = await RoFormer.load(
      sentenceFiles(MEAN, { "config_sentence_transformers.json": { similarity_fn_name: "maxsim" } }),
    );
    await expect(model.search("a", ["b"])).rejects.toThrow(
      'similarityFnName is "maxsim", not one of cosine, dot, euclidean, manhattan',
    );
    expect(await model.search("a", ["a"], { similarityFnName: "manhattan" })).toEqual([{ index: 0, score: -0 }]);
    model.close();
  });
});
