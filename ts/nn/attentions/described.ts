import { type AttentionBatch, attentionBatch } from "../../ops/attentionBatch.js";
import { scope, trackBeside } from "../../tensor/scope.js";
import { integers, tensor } from "../../tensor/tensor.js";
import type { SequenceBatch } from "../packed.js";
import type { AttentionCall } from "./attention.js";

/** What a batch of attention follows from, besides the queries' sequences. */
interface Description {
  readonly keys: SequenceBatch;
  /** Heads, `causal`, window, and the bias' shape. */
  readonly numbers: readonly number[];
  readonly prefix: readonly number[] | undefined;
  readonly slopes: readonly number[] | undefined;
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
  known.set(call.batch, [...all.filter((one) => one.batch.slot !== 0), { of, batch }]);
  return batch;
}

function descriptionOf({ heads, batch, position, mask }: AttentionCall): Description {
  const { keys = batch, causal, window = 0, prefix, bias } = mask;
  const hidesLater = causal ?? prefix !== undefined;
  return {
    keys,
    numbers: [heads, Number(hidesLater), window, ...(bias?.shape ?? [])],
    prefix: prefix && Array.from(prefix),
    slopes: position.slopes && Array.from(position.slopes),
  };
}

const alike = (a: Description, b: Description): boolean =>
  a.keys === b.keys && same(a.numbers, b.numbers) && same(a.prefix, b.prefix) && same(a.slopes, b.slopes);

function same(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  return a === b || (a !== undefined && a.length === b?.length && a.every((number, i) => Object.is(number, b[i])));
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
