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
  blockOrder: 7,
  blockOffset: 8,
  /** The first of the dropout sites, which are numbered as layers are built. */
  dropout: 1000,
} as const;
