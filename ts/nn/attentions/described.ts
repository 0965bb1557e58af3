import { type AttentionBatch, attentionBatch } from "../../ops/attentionBatch.js";
import { scope, trackBeside } from "../../tensor/scope.js";
import { integers, tensor } from "../../tensor/tensor.js";
import type { SequenceBatch } from "../packed.js";
import type { AttentionCall } from "./attention.js";

/** What a batch of attention follows from, besides the queries' sequences. */
interface Description {
  readonly keys: SequenceBatch;
  readonly heads: number;
  readonly causal: boolean;
  readonly window: number;
  readonly prefix: ArrayLike<number> | undefined;
  readonly slopes: ArrayLike<number> | undefined;
  /** The bias' shape. */
  readonly bias: ArrayLike<number> | undefined;
}

/** Batches of attention by the queries' sequences. */
const known = new WeakMap<SequenceBatch, { readonly of: Description; readonly batch: AttentionBatch }[]>();

/**
 * The batch of a call as attention takes it: made for the first layer that asks, and used by all that ask for the same. It ends
 * with the scope of the queries' sequences.
 */
export function described(call: AttentionCall): AttentionBatch {
  const of = descriptionOf(call);
  const all = known.get(call.batch) ?? [];
  // One whose sequences were made outside of all scopes ends with its layer.
  const found = all.find((one) => one.batch.slot !== 0 && alike(one.of, of));
  if (found) return found.batch;
  const batch = scope(() => make(call));
  trackBeside(batch, call.batch.offsets);
  const own = { ...of, prefix: of.prefix && Array.from(of.prefix) }; // the caller may write into its array
  known.set(call.batch, [...all.filter((one) => one.batch.slot !== 0), { of: own, batch }]);
  return batch;
}

function descriptionOf({ heads, batch, position, mask }: AttentionCall): Description {
  const { keys = batch, causal, window = 0, prefix, bias } = mask;
  const { slopes } = position;
  return { keys, heads, causal: causal ?? prefix !== undefined, window, prefix, slopes, bias: bias?.shape };
}

const alike = (a: Description, b: Description): boolean =>
  a.keys === b.keys &&
  a.heads === b.heads &&
  a.causal === b.causal &&
  a.window === b.window &&
  same(a.prefix, b.prefix) &&
  same(a.slopes, b.slopes) &&
  same(a.bias, b.bias);

function same(a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): boolean {
  if (a === b) return true;
  if (a?.length !== b?.length) return false;
  for (let i = 0; i < a!.length; i++) if (a![i] !== b![i]) return false;
  return true;
}

function make({ heads, batch, position, mask }: AttentionCall): AttentionBatch {
  const { keys = batch, prefix, ...rest } = mask;
  return attentionBatch({
    ...rest,
    heads,
    queryOffsets: batch.offsets,
    keyOffsets: keys.offsets,
    queryPositions: batch.positions,
    keyPositions: keys.positions,
    ...(prefix && { prefix: integers(prefix) }),
    ...(position.slopes && { slopes: tensor(position.slopes) }),
  });
}
