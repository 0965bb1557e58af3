import { ConfigError } from "../../errors.js";
import type { PackedBatch } from "../../nn/packed.js";
import { gatherRows } from "../../ops/embedding.js";
import { meanRows } from "../../ops/reduce.js";
import { integers, type Tensor } from "../../tensor/tensor.js";
import type { Model } from "../model.js";
import { normalize } from "./norms.js";
import { type PoolingModule, pooling } from "./pooling.js";
import type { SentenceModel } from "./settings.js";

/** Makes vectors of token states: `[N, C]` to `[B, C]`, with gradients. */
type TrainablePooling = (hidden: Tensor, batch: PackedBatch) => Tensor;

const poolings: Readonly<Record<string, TrainablePooling>> = {
  mean: (hidden, batch) => meanRows(hidden, batch.offsets),
  cls: (hidden, batch) => gatherRows(hidden, integers(batch.firstTokens())),
  lasttoken: (hidden, batch) => gatherRows(hidden, integers(batch.lastTokens())),
};

/**
 * How a model's vectors are made in training: its pooling; what scales them to length 1 behind it changes no cosine. Errors: ConfigError
 * for modules without gradients, such as `Dense`.
 */
export function trainablePooling({
  sentenceModel,
  sentences,
}: Pick<Model, "sentenceModel" | "sentences">): TrainablePooling {
  if (sentences?.problem !== undefined) throw new ConfigError(`embed: ${sentences.problem}`);
  const modules = sentenceModel?.modules ?? [pooling(["mean"])];
  const [first, ...rest] = modules.filter(({ name }) => name !== "Normalize" && name !== "Dropout");
  const modes = first?.name === "Pooling" ? (first as PoolingModule).modes : [];
  const found = modes.length === 1 ? poolings[modes[0]!] : undefined;
  if (found && rest.length === 0) return found;
  const names = modules.map((module) => (module.name === "Pooling" ? `Pooling (${modes.join(" + ")})` : module.name));
  throw new ConfigError(
    `embed trains models with a Pooling of ${Object.keys(poolings).join(", ")} and nothing but Normalize behind it; this one has ${names.join(", ")}`,
  );
}

/** Whether {@link trainablePooling} knows a model's pooling. */
export function isTrainable(model: Pick<Model, "sentenceModel" | "sentences">): boolean {
  try {
    trainablePooling(model);
    return true;
  } catch {
    return false;
  }
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/**
 * A sentence-transformers model of a Transformer and the mean of its token states, of `width` numbers; `normalizes`: vectors are scaled to
 * length 1.
 */
export function meanSentenceModel(width: number, maxLength: number, normalizes = false): SentenceModel {
  const modules = [
    { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
    { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
    ...(normalizes ? [{ idx: 2, name: "2", path: "2_Normalize", type: "sentence_transformers.models.Normalize" }] : []),
  ];
  const flags = {
    ...{ pooling_mode_cls_token: false, pooling_mode_mean_tokens: true, pooling_mode_max_tokens: false },
    ...{ pooling_mode_mean_sqrt_len_tokens: false, pooling_mode_weightedmean_tokens: false },
    ...{ pooling_mode_lasttoken: false, include_prompt: true },
  };
  return {
    modules: [pooling(["mean"]), ...(normalizes ? [normalize("sentence_embedding", "sentence_embedding")] : [])],
    files: new Map([
      ["modules.json", json(modules)],
      ["1_Pooling/config.json", json({ word_embedding_dimension: width, ...flags })],
      ["sentence_bert_config.json", json({ max_seq_length: maxLength, do_lower_case: false })],
      [
        "config_sentence_transformers.json",
        json({ prompts: {}, default_prompt_name: null, similarity_fn_name: "cosine" }),
      ],
    ]),
    settings: {
      modules: ["Transformer", "Pooling", ...(normalizes ? ["Normalize"] : [])],
      ...{ pooling: "mean", normalize: normalizes, maxLength, lowerCase: false },
      ...{ prompts: { query: "", document: "" }, defaultPromptName: undefined, truncateDim: undefined },
      ...{ similarityFnName: "cosine", problem: undefined },
    },
  };
}
