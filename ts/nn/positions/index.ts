import { alibi } from "./alibi.js";
import { learned } from "./learned.js";
import { none } from "./none.js";
import type { Position, PositionOptions } from "./position.js";
import { rotary, rotaryHalf } from "./rotary.js";
import { sinusoidal } from "./sinusoidal.js";

export type { Position, PositionOptions } from "./position.js";

/** Position encodings by name. A new one is a file and a line; `test/conformance/positions.test.ts` runs over all. */
export const positions = {
  rotary,
  "rotary-half": rotaryHalf,
  sinusoidal,
  learned,
  alibi,
  none,
} satisfies Record<string, (options: PositionOptions) => Position>;

/** A registered position encoding. */
export type PositionName = keyof typeof positions;
