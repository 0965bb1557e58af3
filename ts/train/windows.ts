import { AbortError, ConfigError, DataError } from "../errors.js";
import * as language from "../metrics/language.js";
import type { Model } from "../models/model.js";
import { pacer } from "../platform/pacer.js";
import { Philox } from "../random/philox.js";
import { streams } from "../random/streams.js";
import type { Course } from "./course.js";
import { inParts } from "./parts.js";
import type { TextTask } from "./tasks/task.js";

/** How well a language model guesses held-out text. */
export interface LanguageMetrics {
  /** Tokens guessed. */
  readonly n: number;
  /** Mean cross-entropy per token, in nats. */
  readonly loss: number;
  /** e^loss. */
  readonly perplexity: number;
  /** Bits per character (code point), for a causal model, whose guesses tell a text. */
  readonly bitsPerCharacter?: number;
}

/** Encoded text to train on, and to score with. */
export interface EncodedText {
  readonly train: Int32Array;
  readonly valid: Int32Array;
  /** Characters (code points) of the held-out text. */
  readonly characters: number;
}

/** Settings of a course on windows. */
export interface WindowSettings {
  readonly seed: number;
  /** Windows per micro-batch. */
  readonly batch: number;
  readonly gradientAccumulationSteps: number;
}

/** Tokens of held-out windows that are computed at once. */
const TOKENS = 4096;

/** Tokens of a step, at most: of more, what the smallest model computes with has no room in the engine's memory. */
const MOST_TOKENS = 2 ** 24;

/**
 * Windows from anywhere in a text, scored on all of the text held out. Errors: DataError for text of fewer than 2 tokens,
 * ConfigError for batches beyond all memory.
 */
export function windowCourse(
  task: TextTask,
  model: Model,
  text: EncodedText,
  { seed, batch, gradientAccumulationSteps: parts }: WindowSettings,
): Course<LanguageMetrics> {
  for (const name of ["train", "valid"] as const) {
    const { length } = text[name];
    if (length < 2)
      throw new DataError(
        `pretrain: the ${name === "train" ? "" : "held-out "}text is of ${length} tokens, not 2 or more`,
      );
  }
  const length = Math.min(task.window, text.train.length);
  if (batch * length > MOST_TOKENS)
    throw new ConfigError(
      `pretrain: batch is ${batch}; expected at most ${Math.floor(MOST_TOKENS / length)} windows of ${length} tokens`,
    );
  const micro = batch * length;
  return {
    probe: {
      tokens: () => ({ tokens: micro * parts, micro }),
      batch: (step, share) =>
        task.batch(
          Array.from({ length: Math.ceil(share * batch) }, () => text.train.subarray(0, length)),
          new Philox(seed, streams.masking, step),
        ),
      evaluationTokens: Math.min(text.valid.length, Math.max(length, TOKENS)),
    },
    batch(step) {
      const order = new Philox(seed, streams.dataOrder, step);
      const starts = Array.from({ length: batch * parts }, () => order.below(text.train.length - length + 1));
      const random = new Philox(seed, streams.masking, step);
      return inParts(starts, parts).map((part) => ({
        ...task.batch(
          part.map((start) => text.train.subarray(start, start + length)),
          random,
        ),
        places: () => `${length} tokens of the text from ${part.join(", ")} on`,
      }));
    },
    evaluate: (signal) => evaluate(task, model, text, signal),
    figures: (metrics) => metrics,
    inWords: ({ loss, bitsPerCharacter: bits }) =>
      `held-out loss ${loss.toFixed(4)}${bits === undefined ? "" : `, ${bits.toFixed(4)} bits per character`}`,
  };
}

/** The held-out text, window by window; a causal model guesses each token once, but for the first. */
async function evaluate(
  task: TextTask,
  model: Model,
  { valid, characters }: EncodedText,
  signal: AbortSignal | undefined,
): Promise<LanguageMetrics> {
  const length = Math.min(task.window, valid.length);
  const stride = task.stride(length);
  const starts = Array.from({ length: Math.ceil((valid.length - 1) / stride) }, (_, i) => i * stride);
  const windows = starts.map((start) => valid.subarray(start, start + length)).filter((own) => own.length > 1);
  const [random, together, pause] = [new Philox(0, streams.masking), Math.max(1, Math.floor(TOKENS / length)), pacer()];
  let [nats, n] = [0, 0];
  for (let at = 0; at < windows.length; at += together) {
    if (signal?.aborted) throw new AbortError("the evaluation was aborted", { cause: signal.reason });
    const batch = task.batch(windows.slice(at, at + together), random);
    const guesses = task.guesses(batch);
    if (guesses === 0) continue;
    nats += model.loss(batch.packed, batch.targets) * guesses;
    n += guesses;
    await pause();
  }
  const loss = nats / n;
  const bits = task.head === "causal-lm" ? { bitsPerCharacter: language.bitsPerCharacter(nats, characters) } : {};
  return { n, loss, perplexity: language.perplexity(loss), ...bits };
}
