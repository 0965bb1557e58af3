import type { Targets } from "../nn/heads/index.js";
import { type Packed, pack } from "../nn/packed.js";
import { IGNORED } from "../ops/crossEntropy.js";
import type { Philox } from "../random/philox.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** What a language model is trained on: windows of running text. */
export interface Objective {
  readonly head: "causal-lm" | "masked-lm";
  /** Running tokens that a window takes. */
  readonly window: number;
  /** Windows as a batch; what is hidden follows from `random`. */
  batch(windows: readonly Int32Array[], random: Philox): { packed: Packed; targets: Targets };
}

/** Guess each token from those before it. */
export const causal = (maxLength: number): Objective => ({
  head: "causal-lm",
  window: maxLength,
  batch(windows) {
    const packed = pack(windows);
    return { packed, targets: { tokens: packed.tokens } };
  },
});

/** Share of the tokens that are guessed, and of these the shares that become `[MASK]`, or any token (Devlin et al. 2019). */
const [GUESSED, MASKED, REPLACED] = [0.15, 0.8, 0.1];

/** Guess hidden tokens from all others, between `[CLS]` and `[SEP]` where the tokenizer has them. */
export function masked(maxLength: number, tokenizer: Tokenizer, mask: number): Objective {
  const { clsTokenId: first, sepTokenId: last } = tokenizer;
  const frame = { before: first === undefined ? [] : [first], behind: last === undefined ? [] : [last] };
  const framed = (ids: ArrayLike<number>, before: readonly number[], behind: readonly number[]) =>
    Int32Array.from([...before, ...Array.from(ids), ...behind]);
  return {
    head: "masked-lm",
    window: maxLength - frame.before.length - frame.behind.length,
    batch(windows, random) {
      const hidden = windows.map((ids) => hide(ids, random, mask, tokenizer.vocabSize));
      const ignored = (ids: readonly number[]) => ids.map(() => IGNORED);
      const labels = hidden.map(({ labels }) => framed(labels, ignored(frame.before), ignored(frame.behind)));
      return {
        packed: pack(hidden.map(({ ids }) => framed(ids, frame.before, frame.behind))),
        targets: { tokens: Int32Array.from(labels.flatMap((own) => [...own])) },
      };
    },
  };
}

/** Some tokens hidden, and what they were; −100 elsewhere. */
function hide(ids: Int32Array, random: Philox, mask: number, vocabSize: number) {
  const labels = new Int32Array(ids.length).fill(IGNORED);
  const changed = ids.map((id, at) => {
    if (random.uniform() >= GUESSED) return id;
    labels[at] = id;
    const what = random.uniform();
    if (what < MASKED) return mask;
    return what < MASKED + REPLACED ? random.below(vocabSize) : id;
  });
  return { ids: changed, labels };
}
