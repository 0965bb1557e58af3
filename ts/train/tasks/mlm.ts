import { ConfigError } from "../../errors.js";
import { pack } from "../../nn/packed.js";
import { IGNORED } from "../../ops/crossEntropy.js";
import type { Philox } from "../../random/philox.js";
import type { Tokenizer } from "../../tokenizers/tokenizer.js";
import type { TextTask } from "./task.js";

/** Share of the tokens that are guessed, and of these the shares that become `[MASK]`, or any token (Devlin et al. 2019). */
const [GUESSED, MASKED, REPLACED] = [0.15, 0.8, 0.1];

/**
 * Masked language modeling: guess hidden tokens from all others, between `[CLS]` and `[SEP]` where the tokenizer has them. Errors:
 * ConfigError for a tokenizer without a mask token.
 */
export function mlm(maxLength: number, tokenizer: Tokenizer): TextTask {
  const { clsTokenId: first, sepTokenId: last, maskTokenId: mask } = tokenizer;
  if (mask === undefined) throw new ConfigError("pretrain: mlm needs a tokenizer with a mask token");
  const frame = { before: first === undefined ? [] : [first], behind: last === undefined ? [] : [last] };
  const framed = (ids: ArrayLike<number>, before: readonly number[], behind: readonly number[]) =>
    Int32Array.from([...before, ...Array.from(ids), ...behind]);
  return {
    head: "masked-lm",
    window: maxLength - frame.before.length - frame.behind.length,
    stride: (length) => length,
    batch(windows, random) {
      const hidden = windows.map((ids) => hide(ids, random, mask, tokenizer.vocabSize));
      const ignored = (ids: readonly number[]) => ids.map(() => IGNORED);
      const labels = hidden.map(({ labels }) => framed(labels, ignored(frame.before), ignored(frame.behind)));
      return {
        packed: pack(hidden.map(({ ids }) => framed(ids, frame.before, frame.behind))),
        targets: { tokens: Int32Array.from(labels.flatMap((own) => [...own])) },
      };
    },
    guesses: ({ targets }) => targets.tokens!.filter((label) => label !== IGNORED).length,
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
