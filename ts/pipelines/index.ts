import type { Model, ModelParts } from "../models/model.js";
import type { HeadName } from "../nn/heads/index.js";
import type { AnyPipeline } from "./call.js";
import type { OneOrMany, Pipeline } from "./pipeline.js";

// A pipeline is imported when it is first used.

/** The pipelines: each is a method of models, and of the models of sessions and pools, under its name. */
const pipelines = {
  /**
   * Classifies one text or several: labels with their scores, in order. Requires a classifier with a tokenizer.
   *
   * @example
   * ```ts
   * const { label, score } = await model.classify("what a joy");
   * const all = await model.classify(["what a joy", "what a bore"], { maxLength: 64 });
   * ```
   * @throws ConfigError for another model or a wrong option, DataError for a text without tokens, EngineError if the model
   * returns NaN, AbortError.
   */
  classify: async () => (await import("./classify.js")).classify,
  /**
   * Embeds one text or several: a vector per text, `[C]`, in order. Requires a tokenizer.
   *
   * @example
   * ```ts
   * const vector = await model.embed("a text", { pooling: "mean", normalize: true });
   * ```
   * @throws ConfigError for another model or a wrong option, DataError for a text without tokens, EngineError if the model
   * returns NaN, AbortError.
   */
  embed: async () => (await import("./embed.js")).embed,
  /**
   * Finds the texts most similar to one query or to several, best first, among texts or vectors, `[C]` each, made by `embed`,
   * by cosine similarity. Errors: as `embed`, and ShapeError for vectors of another width.
   */
  search: async () => (await import("./search.js")).search,
  /**
   * Predicts the masked tokens of one text or of several, in order: for each mask, the most likely tokens first. Requires a masked
   * language model with a tokenizer. Errors: as `classify`, and DataError for a text without a mask.
   */
  fillMask: async () => (await import("./fillMask.js")).fillMask,
  /**
   * Token classification: labels the tokens of one text or of several, in order, as transformers' pipeline does; tokens that the special
   * tokens mask marks have none. Requires a token classifier with a tokenizer. Errors: as `classify`.
   */
  tagTokens: async () => (await import("./tagTokens.js")).tagTokens,
  /**
   * Question answering: answers one question or several, each from its context, best first, as transformers' pipeline does. Requires a
   * question answerer with a tokenizer. Errors: as `classify`, ConfigError for a question that leaves no room for its context, and
   * DataError for an empty question or context.
   */
  answer: async () => (await import("./answer.js")).answer,
  /** Multiple choice: the choice that fits a prompt best, or several prompts. Requires a multiple-choice model with a tokenizer. Errors: as `classify`. */
  choose: async () => (await import("./choose.js")).choose,
};

type Pipelines = typeof pipelines;
type MethodOf<Load> = Load extends () => Promise<Pipeline<infer Item, infer Args, infer Result>>
  ? OneOrMany<Item, Args, Result>
  : never;

/** The pipelines as methods of models. */
export type PipelineMethods = { readonly [Name in keyof Pipelines]: MethodOf<Pipelines[Name]> };
/** The name of one of them. */
export type PipelineName = keyof Pipelines;

const loaders = Object.entries(pipelines) as unknown as [PipelineName, () => Promise<AnyPipeline>][];

type ModelWithPipelines = new <H extends HeadName>(parts: ModelParts<H>) => Model<H> & PipelineMethods;

/** A class of models that have the pipelines as methods. */
export function withPipelines(Base: typeof Model): ModelWithPipelines {
  const WithPipelines = class<H extends HeadName> extends Base<H> {};
  for (const [name, load] of loaders) {
    const value = async function (this: Model, given: object | string, ...args: (object | undefined)[]) {
      const [{ callPipeline }, pipeline] = await Promise.all([import("./call.js"), load()]);
      return callPipeline(name, pipeline, this, given, args);
    };
    Object.defineProperty(WithPipelines.prototype, name, { value, writable: true, configurable: true });
  }
  return WithPipelines as unknown as ModelWithPipelines;
}

/** What the caller's side of a session knows about a pipeline: the index of its options among the arguments, and their names. */
export interface PipelineFacts {
  readonly optionsAt: number;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The facts of every pipeline, by name. */
export async function pipelineFacts(): Promise<Record<PipelineName, PipelineFacts>> {
  const all = loaders.map(async ([name, load]): Promise<[PipelineName, PipelineFacts]> => {
    const { optionsAt = 0, options } = await load();
    return [name, { optionsAt: 1 + optionsAt, options }];
  });
  return Object.fromEntries(await Promise.all(all)) as Record<PipelineName, PipelineFacts>;
}
