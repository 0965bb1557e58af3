// Lengths of real texts in tokens of BERT's uncased vocabulary, [CLS] and [SEP] counted, cut at 512.

/** In the order of their files, so that a batch is as mixed as what a service gets. */
export const lengths = {
  /** The first 32 sentences of SST-2's dev set: 24.3 on average, 44 at most. */
  sst2: [
    ...[12, 10, 24, 28, 13, 25, 8, 15, 26, 40, 23, 39, 25, 26, 29, 26],
    ...[21, 44, 14, 21, 41, 17, 10, 20, 18, 35, 35, 28, 19, 13, 35, 38],
  ],
  /** The first 32 mails of the test part of examples/spam: 305 on average. */
  mail: [
    ...[194, 356, 174, 271, 69, 211, 250, 189, 162, 119, 323, 156, 470, 380, 512, 118],
    ...[159, 512, 64, 79, 258, 512, 292, 512, 512, 271, 512, 312, 389, 475, 432, 512],
  ],
};
