/**
 * What each sequence of random numbers is for: the third word of Philox's counter. Saved models and checkpoints depend on
 * them: add numbers, never change one. `crates/kernels` draws from the same sequences.
 */
export const streams = {
  initialisation: 0,
  dataOrder: 1,
  masking: 2,
  features: 3,
  sampling: 4,
  split: 5,
  /** The first dropout site's; site i has 1000 + i. */
  dropout: 1000,
} as const;
