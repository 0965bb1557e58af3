import { describe, expect, it } from "vitest";
import { PackedBatch, SequenceBatch } from "../../ts/nn/packed.js";
import { type Position, type PositionName, type PositionOptions, positions } from "../../ts/nn/positions/index.js";
import { none } from "../../ts/nn/positions/none.js";
import type { RopeParameters } from "../../ts/nn/ropeParameters.js";
import { scale } from "../../ts/ops/reduce.js";
import { tensor } from "../../ts/tensor/tensor.js";
import { failures } from "./checks.js";
import { positionSuite } from "./positionSuite.js";
import { positionReferences as references } from "./references/positions.js";

type Factory = (options: PositionOptions) => Position;

/** `make`'s encoding, with some members replaced. */
const changed =
  (make: Factory, members: (position: Position) => Partial<Position>): Factory =>
  (options) => {
    const made = make(options);
    const bound = { table: made.table?.bind(made), embed: made.embed?.bind(made), free: made.free?.bind(made) };
    const kept = Object.fromEntries(Object.entries(bound).filter(([, member]) => member));
    return { kind: made.kind, ...(made.slopes && { slopes: made.slopes }), ...kept, ...members(made) };
  };

/** A batch whose rows are numbered through, whatever sequences they are of. */
const through = ({ packed }: PackedBatch) => {
  const positions = packed.tokens.map((_, row) => row % 64);
  return new PackedBatch({ ...packed, positions });
};

const countingMarks = ({ embed }: Position): Partial<Position> => ({ embed: (x, batch) => embed!(x, through(batch)) });

const countingTurns = (own: Position): Partial<Position> => ({
  table(batch, width) {
    const rows = Int32Array.from(batch.packed.positions.keys());
    const numbered = new SequenceBatch({ ...batch.packed, positions: rows });
    return { ...own.table!(numbered, width), rows: numbered.positions };
  },
});

const stopped = ({ embed }: Position): Partial<Position> => ({
  embed: (x, batch) => embed!(tensor(x.read(), x.shape), batch),
});

const oneSlope = ({ slopes }: Position): Partial<Position> => ({ slopes: slopes!.fill(slopes![0]!) });

const zeroed = (): Partial<Position> => ({ embed: (x) => scale(x, 1) });

const BASE: RopeParameters = { rope_type: "default", rope_theta: 500_000, partial_rotary_factor: 1 };

describe("the suite of position encodings fails for one that", () => {
  const order = "order matters, unless the kind is none";
  const shift = "shifted positions give the same values, unless the kind is absolute";
  const embeds = "marks embeddings as the f64 reference, and passes gradients";
  const turns = "turns queries and keys as the f64 reference, and passes gradients";
  const published = "scores fall by the slopes that were published, for any number of heads";
  const bits = "a sequence gives the same bits in any batch";
  it.each<[string, PositionName, Factory, string[]]>([
    ["does nothing, and claims distances", "rotary", () => ({ kind: "relative" }), [order, turns]],
    ["does nothing, and claims places", "sinusoidal", () => ({ kind: "absolute" }), [order, shift, embeds]],
    ["does nothing, and names no published slopes", "alibi", () => ({ kind: "relative" }), [order, published]],
    [
      "says that it does nothing, and turns",
      "none",
      changed(positions.rotary, () => ({ kind: "none" })),
      [order, turns],
    ],
    ["does nothing, though its paper does", "rotary", none, [turns]],
    [
      "says distances, and adds places",
      "sinusoidal",
      changed(positions.sinusoidal, () => ({ kind: "relative" })),
      [shift],
    ],
    ["says places, and turns by distances", "rotary", changed(positions.rotary, () => ({ kind: "absolute" })), [shift]],
    ["turns by the batch's rows", "rotary", changed(positions.rotary, countingTurns), [turns]],
    ["adds the batch's rows' sinusoids", "sinusoidal", changed(positions.sinusoidal, countingMarks), [embeds, bits]],
    ["adds the batch's rows' vectors", "learned", changed(positions.learned, countingMarks), [embeds, bits]],
    ["turns other pairs", "rotary", positions["rotary-half"], [turns]],
    ["turns by another base", "rotary", (own) => positions.rotary({ ...own, rope: BASE }), [turns]],
    ["adds nothing to embeddings, and has parameters", "learned", changed(positions.learned, zeroed), [embeds]],
    ["stops gradients", "sinusoidal", changed(positions.sinusoidal, stopped), [embeds]],
    ["gives all heads one slope", "alibi", changed(positions.alibi, oneSlope), [published]],
  ])("%s", (_, name, create, facts) => {
    expect(failures(positionSuite(create, references[name]))).toEqual(expect.arrayContaining(facts));
  });
});
