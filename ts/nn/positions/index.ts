import { checkOptions, type Names } from "../../options.js";
import { alibi } from "./alibi.js";
import { learned } from "./learned.js";
import { none } from "./none.js";
import type { Position, PositionOptions } from "./position.js";
import { rotary, rotaryHalf } from "./rotary.js";
import { sinusoidal } from "./sinusoidal.js";

export type { Position, PositionOptions } from "./position.js";

const OPTIONS: Names<PositionOptions> = {
  ...{ params: true, embeddingWidth: true, heads: true, headSize: true, maxPositions: true, rope: true },
};

/** `make`, which refuses options of other names. */
function checked(make: (options: PositionOptions) => Position): (options: PositionOptions) => Position {
  return (options) => {
    checkOptions("positions", options, OPTIONS);
    return make(options);
  };
}

/** Position encodings by name. A new one is a file and a line; `test/conformance/positions.test.ts` runs over all. */
export const positions = {
  /** Rotary, with pairs (x0, x1), (x2, x3), … (RoFormer, eq. 14, 15 and 34). */
  rotary: checked(rotary),
  /** Rotary, with pairs (x0, x_{D/2}), (x1, x_{D/2+1}), …: the Llama family's. */
  "rotary-half": checked(rotaryHalf),
  /** Fixed sinusoids, added to the embeddings (Vaswani et al. 2017; RoFormer, eq. 4). */
  sinusoidal: checked(sinusoidal),
  /** A learned vector a position, added to the embeddings (BERT); at most `max_position_embeddings` positions. */
  learned: checked(learned),
  /** Scores that fall with the distance (Press et al. 2022); for softmax attention alone. */
  alibi: checked(alibi),
  /** No position at all. */
  none,
} satisfies Record<string, (options: PositionOptions) => Position>;

/** Name of a registered position encoding: one of {@link positions}. */
export type PositionName = keyof typeof positions;
