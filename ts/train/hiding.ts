import { Philox } from "../random/philox.js";
import { streams } from "../random/streams.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import type { Example } from "./examples.js";

/**
 * A function that hides some of a step's tokens behind `[MASK]`, as pre-training would: a model that cannot lean on single words
 * learns texts by heart less easily. Special tokens stay. What is hidden follows from seed and step.
 */
export function hiding(
  tokenizer: Tokenizer,
  { maskRate, seed }: { readonly maskRate: number; readonly seed: number },
): (examples: readonly Example[], step: number) => readonly Example[] {
  const mask = tokenizer.maskTokenId;
  if (mask === undefined || maskRate === 0) return (examples) => examples;
  const kept = new Set([tokenizer.clsTokenId, tokenizer.sepTokenId]);
  return (examples, step) => {
    const random = new Philox(seed, streams.masking, step);
    const hide = (id: number) => (!kept.has(id) && random.uniform() < maskRate ? mask : id);
    return examples.map((example) => ({ ...example, ids: Int32Array.from(example.ids, hide) }));
  };
}
