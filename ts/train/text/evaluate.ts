import { AbortError } from "../../errors.js";
import * as language from "../../metrics/language.js";
import type { BatchStates, Model } from "../../models/model.js";
import type { Targets } from "../../nn/heads/index.js";
import type { Packed } from "../../nn/packed.js";
import { IGNORED } from "../../ops/crossEntropy.js";
import { gatherRows } from "../../ops/embedding.js";
import { pacer } from "../../platform/pacer.js";
import { Philox } from "../../random/philox.js";
import { streams } from "../../random/streams.js";
import { integers } from "../../tensor/tensor.js";
import type { TextTask, TextWindow } from "../tasks/task.js";
import type { LanguageMetrics } from "./metrics.js";
import type { Section } from "./segments.js";

/** Tokens of held-out windows that are computed at once. */
export const TOKENS = 4096;
/** Logits of guesses that are in memory at once. */
const LOGITS = 2 ** 22;

/** Held-out text in windows. */
export interface HeldWindows {
  readonly count: number;
  /** Tokens of a window, at most. */
  readonly length: number;
  read(index: number): Promise<TextWindow>;
  /** What the text is, where its guesses tell all of it. */
  readonly text?: Section | undefined;
}

/** Scores of a model on all held-out text. Errors: AbortError, EngineError. */
export async function evaluateText(
  task: TextTask,
  model: Model,
  held: HeldWindows,
  signal: AbortSignal | undefined,
): Promise<LanguageMetrics> {
  const [random, pause] = [new Philox(0, streams.masking), pacer()];
  const together = Math.max(1, Math.floor(TOKENS / held.length));
  let [nats, n, right] = [0, 0, 0];
  for (let at = 0; at < held.count; at += together) {
    if (signal?.aborted) throw new AbortError("the evaluation was aborted", { cause: signal.reason });
    const indices = Array.from({ length: Math.min(together, held.count - at) }, (_, i) => at + i);
    const batch = task.batch(await Promise.all(indices.map((index) => held.read(index))), random);
    const guesses = task.guesses(batch);
    if (guesses === 0) continue;
    const { loss, hits } = score(task, model, batch);
    nats += loss * guesses;
    right += hits;
    n += guesses;
    await pause();
  }
  const loss = nats / n;
  return {
    ...{ n, loss, perplexity: language.perplexity(loss) },
    ...(task.head === "masked-lm" && { accuracy: right / n }),
    ...(task.head === "causal-lm" && held.text && bitsOf(nats, held.text)),
  };
}

const bitsOf = (nats: number, { characters, bytes }: Section) => ({
  bitsPerCharacter: language.bitsPerCharacter(nats, characters),
  bitsPerByte: language.bitsPerCharacter(nats, bytes),
});

/** The mean loss of a batch, and how many guesses are right, of masked models. */
function score(
  task: TextTask,
  model: Model,
  { packed, targets }: { packed: Packed; targets: Targets },
): { loss: number; hits: number } {
  return model.run(packed, (states) => ({
    loss: model.network.head.loss(states.hidden, states.batch, targets).item(),
    hits: task.head === "masked-lm" ? hitsOf(states, targets.tokens!, model.config.vocab_size) : 0,
  }));
}

function hitsOf({ hidden, head }: BatchStates, labels: Int32Array, vocabSize: number): number {
  const rows = Int32Array.from(labels.keys()).filter((row) => labels[row] !== IGNORED);
  const together = Math.max(1, Math.floor(LOGITS / vocabSize));
  let hits = 0;
  for (let at = 0; at < rows.length; at += together) {
    const some = rows.subarray(at, at + together);
    const logits = head(gatherRows(hidden, integers(some))).logits!.read();
    for (const [i, row] of some.entries()) {
      const own = logits.subarray(i * vocabSize, (i + 1) * vocabSize);
      let best = 0;
      for (let id = 1; id < vocabSize; id++) if (own[id]! > own[best]!) best = id;
      if (best === labels[row]) hits++;
    }
  }
  return hits;
}
