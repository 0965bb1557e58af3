import { engine } from "../../engine/engine.js";
import { ConfigError } from "../../errors.js";
import type { RotaryTable } from "../../ops/rope.js";
import { Tensor } from "../../tensor/tensor.js";
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
    this.free();
    const { cos, sin } = ropeTable({ headSize: this.headSize, positions: Array.from({ length: rows }, (_, p) => p) });
    this.grown = { rows, half: this.half, cos: persistent(cos, rows), sin: persistent(sin, rows) };
  }

  free(): void {
    this.grown?.cos.free();
    this.grown?.sin.free();
    this.grown = undefined;
  }
}

/** A tensor that no scope frees. */
function persistent(values: Float32Array, rows: number): Tensor {
  const y = new Tensor(engine().alloc(values.length), [rows, values.length / rows]);
  y.write(values);
  return y;
}

/** Pairs (x0, x1), (x2, x3), …: the paper's and Hugging Face's RoFormer. */
export const rotary = ({ headSize }: PositionOptions): Position => new Rotary(headSize, false);

/** Pairs (x0, x_{D/2}), (x1, x_{D/2+1}), …: the Llama family's. */
export const rotaryHalf = ({ headSize }: PositionOptions): Position => new Rotary(headSize, true);
