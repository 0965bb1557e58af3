import { ConfigError } from "../../errors.js";
import { prunablePieces } from "../../tokenizers/prune.js";
import type { Tokenizer } from "../../tokenizers/tokenizer.js";

/** Share of a vocabulary that goes to the pieces that the texts have most often; the rest has the vocabulary's own order. */
const OF_TEXTS = 3 / 4;

/**
 * The ids of a vocabulary of `size` pieces, ascending: what a tokenizer cannot do without, the pieces that the texts have most often, and
 * the first ones of the vocabulary, which is roughly in order of frequency. `counts`: how often each id occurs. Errors: ConfigError for a
 * size that cannot be.
 */
export function chosenPieces(tokenizer: Tokenizer, counts: Uint32Array, size: number): Int32Array {
  const pieces = prunablePieces(tokenizer);
  const all = pieces.needed.length + pieces.others.length;
  if (size > all) throw new ConfigError(`vocabSize is ${size}; expected at most ${all}, the teacher's`);
  const chosen = new Set<number>(pieces.needed);
  if (size < chosen.size)
    throw new ConfigError(
      `vocabSize is ${size}; expected at least ${chosen.size}: the teacher's special tokens and single characters, without which texts become unknown`,
    );
  const room = size - chosen.size;
  const frequent = pieces.others.filter((id) => counts[id]! > 0).sort((a, b) => counts[b]! - counts[a]! || a - b);
  for (const id of frequent.slice(0, Math.ceil(OF_TEXTS * room))) add(chosen, pieces.withParts(id), size);
  for (const id of pieces.others) add(chosen, pieces.withParts(id), size);
  return Int32Array.from(chosen).sort();
}

/** Adds ids if there is room for all of them. */
function add(chosen: Set<number>, ids: readonly number[], size: number): void {
  const fresh = ids.filter((id) => !chosen.has(id));
  if (chosen.size + fresh.length <= size) for (const id of fresh) chosen.add(id);
}
