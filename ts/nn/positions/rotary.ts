import { ConfigError } from "../../errors.js";
import type { RotaryTable } from "../../ops/rope.js";
import { noScope, scope } from "../../tensor/scope.js";
import { tensor } from "../../tensor/tensor.js";
import type { PackedBatch } from "../packed.js";
import { ropeTable } from "../ropeTable.js";
import type { Position, PositionOptions } from "./position.js";

/**
 * Rotary position embedding (Su et al. 2021, eq. 14–15 and 34): pairs of queries and keys are turned by position · 10000^(−2i/D),
 * so that a score depends on the distance alone. The table grows with the positions that are seen; there is no limit.
 */
class Rotary implements Position {
  private readonly headSize: number;
  private readonly half: boolean;
  private grown: (RotaryTable & { readonly rows: number }) | undefined;

  constructor(headSize: number, half: boolean) {
    if (headSize % 2 !== 0) throw new ConfigError(`rotary positions turn pairs: head size ${headSize} is odd`);
    this.headSize = headSize;
    this.half = half;
  }

  table(batch: PackedBatch): RotaryTable {
    if (!this.grown || this.grown.rows < batch.reach)
      this.grow(Math.max(2 * (this.grown?.rows ?? 0), batch.reach, 128));
    return this.grown!;
  }

  private grow(rows: number): void {
    const { cos, sin } = ropeTable({ headSize: this.headSize, positions: Array.from({ length: rows }, (_, p) => p) });
    const shape = [rows, this.headSize / 2];
    // No scope around frees the table; this one does if there is memory for half of it.
    const [cosines, sines] = noScope(() => scope(() => [tensor(cos, shape), tensor(sin, shape)] as const));
    this.free();
    this.grown = { rows, half: this.half, cos: cosines, sin: sines };
  }

  free(): void {
    this.grown?.cos.free();
    this.grown?.sin.free();
    this.grown = undefined;
  }
}

/** Pairs (x0, x1), (x2, x3), …: the paper's and Hugging Face's RoFormer. */
export const rotary = ({ headSize }: PositionOptions): Position => new Rotary(headSize, false);

/** Pairs (x0, x_{D/2}), (x1, x_{D/2+1}), …: the Llama family's. */
export const rotaryHalf = ({ headSize }: PositionOptions): Position => new Rotary(headSize, true);
