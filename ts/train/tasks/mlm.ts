import { ConfigError } from "../../errors.js";
import { pack } from "../../nn/packed.js";
import { IGNORED } from "../../ops/crossEntropy.js";
import type { Philox } from "../../random/philox.js";
import type { Tokenizer } from "../../tokenizers/tokenizer.js";
import type { TextTask, TextWindow } from "./task.js";

/** Share of the tokens that are guessed, and of these the shares that become `[MASK]`, or any token (Devlin et al. 2019). */
const [GUESSED, MASKED, REPLACED] = [0.15, 0.8, 0.1];

/**
 * Masked language modeling: guess hidden tokens, at least one a batch, from all others, between `[CLS]` and `[SEP]` where the
 * tokenizer has them. Errors: ConfigError for a tokenizer without a mask token.
 */
export function mlm(maxLength: number, tokenizer: Tokenizer): TextTask {
  const { clsTokenId: first, sepTokenId: last, maskTokenId: mask } = tokenizer;
  if (mask === undefined) throw new ConfigError("pretrain: mlm needs a tokenizer with a mask token");
  const frame = { before: first === undefined ? [] : [first], behind: last === undefined ? [] : [last] };
  const framed = (ids: ArrayLike<number>, before: readonly number[], behind: readonly number[]) =>
    Int32Array.from([...before, ...Array.from(ids), ...behind]);
  return {
    head: "masked-lm",
    least: 1,
    window: maxLength - frame.before.length - frame.behind.length,
    stride: (length) => length,
    batch(windows, random) {
      const hidden = hideSome(windows, random, { mask, vocabSize: tokenizer.vocabSize });
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

interface Replacements {
  readonly mask: number;
  readonly vocabSize: number;
}

/** Windows with hidden tokens. Chance may choose none of a few short ones: then one is, for a step needs something to learn. */
function hideSome(windows: readonly TextWindow[], random: Philox, others: Replacements) {
  const hidden = windows.map((window) => hide(window, random, others, () => random.uniform() < GUESSED));
  if (hidden.some(({ labels }) => labels.some((label) => label !== IGNORED))) return hidden;
  const [which, guessed] = [random.below(windows.length), random.uniform()];
  const window = windows[which]!;
  let chosen = Math.floor(guessed * window.ids.length);
  while (chosen > 0 && window.continues?.(chosen)) chosen--; // the beginning of its word
  hidden[which] = hide(window, random, others, (at) => at === chosen);
  return hidden;
}

/**
 * Tokens that are `guessed` hidden, and what they were; −100 elsewhere. Of a word the first token is asked, and the others go with it, each
 * with a replacement of its own, as in Hugging Face's `DataCollatorForLanguageModeling` with `whole_word_mask`.
 */
function hide(
  { ids, continues }: TextWindow,
  random: Philox,
  { mask, vocabSize }: Replacements,
  guessed: (at: number) => boolean,
) {
  const labels = new Int32Array(ids.length).fill(IGNORED);
  let isGuessed = false;
  const changed = ids.map((id, at) => {
    if (at === 0 || !continues?.(at)) isGuessed = guessed(at);
    if (!isGuessed) return id;
    labels[at] = id;
    const what = random.uniform();
    if (what < MASKED) return mask;
    return what < MASKED + REPLACED ? random.below(vocabSize) : id;
  });
  return { ids: changed, labels };
}
