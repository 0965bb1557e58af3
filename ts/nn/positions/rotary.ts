import { ConfigError } from "../../errors.js";
import type { RotaryTable } from "../../ops/rope.js";
import { noScope, scope } from "../../tensor/scope.js";
import { integers, tensor } from "../../tensor/tensor.js";
import type { SequenceBatch } from "../packed.js";
import type { RopeParameters } from "../ropeParameters.js";
import { lengthClass, ropeFrequencies } from "../ropeScaling.js";
import { turns } from "../ropeTable.js";
import type { Position, PositionOptions } from "./position.js";

/** Positions up to here have their angles in a table that is kept; a few farther ones are not worth as large a one. */
const FARTHEST = 2 ** 17;

/** Angles without scaling. */
const PLAIN: RopeParameters = { rope_type: "default", rope_theta: 10_000, partial_rotary_factor: 1 };

/**
 * Rotary position embedding (Su et al. 2021, eq. 14–15 and 34): pairs of queries and keys are turned by position · 10000^(−2i/D),
 * or by scaled angles, so that a score depends on the distance alone. The table grows with the positions that are seen; there
 * is no limit.
 */
class Rotary implements Position {
  readonly kind = "relative";
  private readonly half: boolean;
  private readonly options: PositionOptions;
  private readonly parameters: RopeParameters;
  /** For sequences whose length does not change the angles, by width. */
  private readonly grown = new Map<number, RotaryTable & { readonly covers: number }>();
  /** Tables that were too short: what is recorded may need them still. Each has half the rows of the next. */
  private readonly outgrown: RotaryTable[] = [];

  constructor(options: PositionOptions, half: boolean) {
    const { headSize, rope = PLAIN } = options;
    if (headSize % 2 !== 0)
      throw new ConfigError(`headSize is ${headSize}, not an even number: rotary positions turn pairs`);
    this.options = options;
    this.parameters = rope;
    this.half = half;
    this.frequencies(0, headSize); // refuses what does not fit the head, before there are weights
  }

  table(batch: SequenceBatch, width: number): RotaryTable {
    const classes = this.lengthClasses(batch);
    if (classes.some((one) => one > 0) || batch.reach > FARTHEST) return this.mixed(batch, classes, width);
    const grown = this.grown.get(width);
    if (grown && grown.covers >= batch.reach) return grown;
    return this.grow(Math.max(2 * (grown?.covers ?? 0), batch.reach, 128), width);
  }

  /** What the angles of each sequence depend on: its own length, never its neighbours'. */
  private lengthClasses({ packed, reach }: SequenceBatch): number[] {
    const { offsets, positions } = packed;
    const classOf = (length: number) => lengthClass(this.parameters, this.options.maxPositions, length);
    if (classOf(reach) === 0) return [];
    return Array.from(offsets.subarray(1), (end, b) => {
      const own = positions.subarray(offsets[b], end);
      return classOf(own.reduce((length, position) => Math.max(length, position + 1), 0));
    });
  }

  /** A table with a row a token, for batches whose sequences have angles of their own. */
  private mixed({ packed }: SequenceBatch, classes: readonly number[], width: number): RotaryTable {
    const { offsets, positions } = packed;
    const [N, pairs] = [positions.length, this.frequencies(0, width).inverseFrequencies.length];
    const [cos, sin] = [new Float32Array(N * pairs), new Float32Array(N * pairs)];
    for (let b = 0; b + 1 < offsets.length; b++) {
      const frequencies = this.frequencies(classes[b] ?? 0, width);
      const turned = turns(positions.subarray(offsets[b], offsets[b + 1]), frequencies);
      cos.set(turned.cos, offsets[b]! * pairs);
      sin.set(turned.sin, offsets[b]! * pairs);
    }
    const rows = integers(Int32Array.from(positions.keys()));
    return { half: this.half, cos: tensor(cos, [N, pairs]), sin: tensor(sin, [N, pairs]), rows };
  }

  private frequencies(length: number, width: number) {
    const { maxPositions } = this.options;
    const lengths = { headSize: width, maxPositionEmbeddings: maxPositions, sequenceLength: length };
    return ropeFrequencies(this.parameters, lengths);
  }

  private grow(rows: number, width: number): RotaryTable {
    const frequencies = this.frequencies(0, width);
    const { cos, sin } = turns(
      Int32Array.from({ length: rows }, (_, p) => p),
      frequencies,
    );
    const shape = [rows, frequencies.inverseFrequencies.length];
    // No scope around frees the table; this one does if there is memory for half of it.
    const [cosines, sines] = noScope(() => scope(() => [tensor(cos, shape), tensor(sin, shape)] as const));
    const before = this.grown.get(width);
    if (before) this.outgrown.push(before);
    const grown = { covers: rows, half: this.half, cos: cosines, sin: sines };
    this.grown.set(width, grown);
    return grown;
  }

  free(): void {
    for (const { cos, sin } of [...this.grown.values(), ...this.outgrown.splice(0)]) {
      cos.free();
      sin.free();
    }
    this.grown.clear();
  }
}

/** Pairs (x0, x1), (x2, x3), …: the paper's and Hugging Face's RoFormer. */
export const rotary = (options: PositionOptions): Position => new Rotary(options, false);

/** Pairs (x0, x_{D/2}), (x1, x_{D/2+1}), …: the Llama family's. */
export const rotaryHalf = (options: PositionOptions): Position => new Rotary(options, true);
