import { ConfigError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import type { Features, Rows, SentenceModule } from "../models/sentences/features.js";
import { unit } from "../models/sentences/norms.js";
import { isPooling, POOLINGS, type Pooling, type PoolingModule, pooling } from "../models/sentences/pooling.js";
import {
  type BatchStates,
  checkCount,
  checkTexts,
  encodeTexts,
  needed,
  type PipelineOptions,
  readFinite,
  runBatches,
  trainedLength,
} from "./batches.js";
import { type PromptOptions, promptLength, promptOf } from "./prompts.js";

export { POOLINGS, type Pooling };

/** Settings of `embed`. */
export interface EmbedOptions extends PipelineOptions, PromptOptions {
  /**
   * How token states become one vector; what several ways give stands end to end. It takes the place of the pooling of a
   * sentence-transformers folder, whose other modules still follow; where these cannot be computed, it is all there is.
   * Default: as the model's files say, or "mean".
   */
  readonly pooling?: Pooling | readonly Pooling[] | undefined;
  /**
   * Whether vectors are scaled to length 1 in the end, so that their inner product is their cosine. With false, a `Normalize`
   * that ends the modules of the model's files is left out. Default: as these files say, or false.
   */
  readonly normalize?: boolean | undefined;
  /**
   * Numbers of each vector that are kept, the first ones; they are not scaled again unless `normalize` is true. Default: as the
   * model's files say, or all.
   */
  readonly truncateDim?: number | undefined;
}

/** A vector a text, `[C]`, in the order of the texts. */
export async function embed(model: RoFormer, texts: readonly string[], options: EmbedOptions): Promise<Float32Array[]> {
  const tokenizer = needed("embed", model);
  const { sentences } = model;
  const modules = modulesOf(model, options);
  const truncateDim = options.truncateDim ?? sentences?.truncateDim;
  if (truncateDim !== undefined) checkCount("embed", "truncateDim", truncateDim);
  const maxLength = options.maxLength ?? longest(model);
  const cased = (text: string) => (sentences?.lowerCase ? tokenizer.lowerCase(text) : text);
  const prompt = promptOf("embed", model, options);
  const prompted = checkTexts("embed", texts).map((text) => cased(prompt + text));
  const sequences = encodeTexts("embed", model, prompted, { maxLength });
  const before = promptLength(tokenizer, cased(prompt), maxLength);
  return runBatches("embed", model, sequences, options, (states) =>
    featuresOf(states, before).map((features) => {
      for (const module of modules) module.apply(features);
      const vector = Float32Array.from(features.sentence_embedding!.data).slice(0, truncateDim);
      return options.normalize === true ? unit(vector) : vector;
    }),
  );
}

/** Tokens that a text is cut to. sentence-transformers' folders take what their model can, unless a file says less. */
function longest(model: RoFormer): number {
  const { sentences, tokenizer, config } = model;
  if (!sentences) return trainedLength(model);
  return sentences.maxLength ?? Math.min(tokenizer?.modelMaxLength ?? Infinity, config.max_position_embeddings);
}

/** What makes vectors of token states: as the model's files say, with what the call says otherwise. */
function modulesOf({ sentences, sentenceModel }: RoFormer, options: EmbedOptions): readonly SentenceModule[] {
  const modes = modesOf(options.pooling);
  if (!sentenceModel) return [pooling(modes ?? ["mean"])];
  if (sentences?.problem !== undefined) {
    if (modes) return [pooling(modes)];
    throw new ConfigError(`embed: ${sentences.problem}; name a pooling to embed without the folder's modules`);
  }
  const { modules } = sentenceModel;
  const chosen = options.normalize === false && sentences?.normalize ? modules.slice(0, -1) : modules;
  if (!modes) return chosen;
  const isPoolingModule = (one: SentenceModule): one is PoolingModule => one.makesVector === true;
  return chosen.map((one) => (isPoolingModule(one) ? pooling(modes, one.includePrompt) : one));
}

function modesOf(given: EmbedOptions["pooling"]): readonly Pooling[] | undefined {
  if (given === undefined) return undefined;
  const modes: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (modes.length > 0 && modes.every(isPooling)) return modes;
  throw new ConfigError(`embed: pooling is ${JSON.stringify(given)}, not one or several of ${POOLINGS.join(", ")}`);
}

/** The features of each text of a batch, of which modules make its vector. */
function featuresOf({ hidden, batch, head }: BatchStates, before: number): Features[] {
  const states = readFinite(hidden);
  const { offsets } = batch.packed;
  const width = states.length / offsets.at(-1)!;
  let pooled: Float32Array | undefined;
  const pooler = (row: number): Rows => {
    const { poolerOutput } = pooled ? {} : head();
    if (!pooled && !poolerOutput)
      throw new ConfigError('embed: the model has no pooler: load one that has, with head "base"');
    pooled ??= readFinite(poolerOutput!);
    return { data: pooled.subarray(row * width, (row + 1) * width), width };
  };
  return Array.from({ length: offsets.length - 1 }, (_, b) => ({
    token_embeddings: { data: states.subarray(offsets[b]! * width, offsets[b + 1]! * width), width },
    promptLength: before,
    pooler: () => pooler(b),
  }));
}
