import type { Packed } from "../nn/packed.js";
import { Philox } from "../random/philox.js";
import { streams } from "../random/streams.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/**
 * A function that hides some tokens of a step's micro-batches, one after the other, behind `[MASK]`, as pre-training does: a model that
 * cannot rely on single words memorizes texts less easily. Special tokens stay. What is hidden follows from seed and step.
 */
export function hiding(
  tokenizer: Tokenizer,
  { maskRate, seed }: { readonly maskRate: number; readonly seed: number },
): (step: number) => (packed: Packed) => Packed {
  const mask = tokenizer.maskTokenId;
  if (mask === undefined || maskRate === 0) return () => (packed) => packed;
  const kept = new Set([tokenizer.clsTokenId, tokenizer.sepTokenId]);
  return (step) => {
    const random = new Philox(seed, streams.masking, step);
    const hide = (id: number) => (!kept.has(id) && random.uniform() < maskRate ? mask : id);
    return (packed) => ({ ...packed, tokens: Int32Array.from(packed.tokens, hide) });
  };
}
