import type { Model, ModelParts } from "../models/model.js";
import type { HeadName } from "../nn/heads/index.js";
import type { AnyPipeline } from "./call.js";
import type { OneOrMany, Pipeline } from "./pipeline.js";

// Pages import a pipeline when it is used.

/** The pipelines: each is a method of models, and of the models of sessions and pools, under its name. */
const pipelines = {
  /**
   * Gives the labels of one text, or of several, in their order, with their scores. Needs a classifier with a tokenizer.
   *
   * @example
   * ```ts
   * const { label, score } = await model.classify("what a joy");
   * const all = await model.classify(["what a joy", "what a bore"], { maxLength: 64 });
   * ```
   * @throws ConfigError for another model or a wrong option, DataError for a text without tokens, EngineError where the model
   * gives NaN, AbortError.
   */
  classify: async () => (await import("./classify.js")).classify,
  /**
   * Gives a vector for one text, `[C]`, or for several, in their order. Needs a tokenizer.
   *
   * @example
   * ```ts
   * const vector = await model.embed("a text", { pooling: "mean", normalize: true });
   * ```
   * @throws ConfigError for another model or a wrong option, DataError for a text without tokens, EngineError where the model
   * gives NaN, AbortError.
   */
  embed: async () => (await import("./embed.js")).embed,
  /**
   * For one query or several the most similar of the texts, or of the vectors, `[C]` each, that `embed` made of them, best first,
   * by the cosine of their vectors. Errors: as `embed`, and ShapeError for vectors of another width.
   */
  search: async () => (await import("./search.js")).search,
  /**
   * Guesses at the masks of one text, or of several, in their order: for each mask the likeliest tokens first. Needs a masked
   * language model with a tokenizer. Errors: as `classify`, and DataError for a text without a mask.
   */
  fillMask: async () => (await import("./fillMask.js")).fillMask,
  /**
   * The labels of the tokens of one text, or of several, in their order, as transformers' pipeline gives them; what the special
   * tokens mask marks has none. Needs a token classifier with a tokenizer. Errors: as `classify`.
   */
  tagTokens: async () => (await import("./tagTokens.js")).tagTokens,
  /**
   * Answers to one question, or to several, each from its context, best first, as transformers' pipeline finds them. Needs a
   * question answerer with a tokenizer. Errors: as `classify`, ConfigError for a question that leaves no room for its context, and
   * DataError for an empty question or context.
   */
  answer: async () => (await import("./answer.js")).answer,
  /** Which choice fits a prompt, or several prompts, best. Needs a multiple-choice model with a tokenizer. Errors: as `classify`. */
  choose: async () => (await import("./choose.js")).choose,
};

type Pipelines = typeof pipelines;
type MethodOf<Load> = Load extends () => Promise<Pipeline<infer Item, infer Args, infer Result>>
  ? OneOrMany<Item, Args, Result>
  : never;

/** The methods of models that are pipelines. */
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

/** What the caller's side of a session knows of a pipeline: the index of its options among the arguments, and their names. */
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
