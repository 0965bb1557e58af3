/** B texts as N ids, end to end. */
export interface EncodedBatch {
  /** The ids, `[N]`. */
  readonly ids: Int32Array;
  /** 1 for the second text of a pair, otherwise 0, `[N]`. */
  readonly typeIds: Uint8Array;
  /** Boundaries of the texts: text i is `[offsets[i], offsets[i + 1])`; `[B + 1]`. */
  readonly offsets: Int32Array;
}

const [TEXTS, UNITS] = [4096, 1 << 22]; // maximum per call of the module

/** The end of the texts, from `begin` on, that go into one call of the module. */
export function batchEnd(texts: readonly string[], pairs: readonly string[] | undefined, begin: number): number {
  let units = 0;
  let end = begin;
  while (end < texts.length && end - begin < TEXTS && (units === 0 || units < UNITS)) {
    units += texts[end]!.length + (pairs?.[end]?.length ?? 0);
    end++;
  }
  return end;
}

/** Concatenates batches. */
export function joined(batches: readonly EncodedBatch[]): EncodedBatch {
  if (batches.length === 1) return batches[0]!;
  const sum = (count: (batch: EncodedBatch) => number) => batches.reduce((total, batch) => total + count(batch), 0);
  const [ids, typeIds] = [new Int32Array(sum((one) => one.ids.length)), new Uint8Array(sum((one) => one.ids.length))];
  const offsets = new Int32Array(1 + sum((one) => one.offsets.length - 1));
  let [at, row] = [0, 0];
  for (const batch of batches) {
    ids.set(batch.ids, at);
    typeIds.set(batch.typeIds, at);
    for (let i = 1; i < batch.offsets.length; i++) offsets[++row] = at + batch.offsets[i]!;
    at += batch.ids.length;
  }
  return { ids, typeIds, offsets };
}
