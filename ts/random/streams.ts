/**
 * The streams of random numbers: the third word of Philox's counter. Saved models and checkpoints depend on
 * them: add numbers, but never change one. `crates/kernels` uses the same streams.
 */
export const streams = {
  initialisation: 0,
  dataOrder: 1,
  masking: 2,
  features: 3,
  sampling: 4,
  split: 5,
  bootstrap: 6,
  /** The first dropout site's: see {@link dropoutStream}. */
  dropout: 1000,
} as const;

/** Streams that one micro-batch of a step may use: its dropout sites. */
const SITES = 2 ** 16;

/** The stream of dropout site i in micro-batch m of a step: 1000 + i + 2¹⁶ m. */
export const dropoutStream = (site: number, microBatch: number): number => streams.dropout + site + SITES * microBatch;
