import { type Backward, record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ShapeError } from "../errors.js";
import { empty, type Tensor } from "../tensor/tensor.js";

/** Sines and cosines of the angles by which positions turn pairs. */
export interface RotaryTable {
  /** Cosines, `[P, R / 2]`, for P positions and R rotated numbers a head. */
  readonly cos: Tensor;
  /** Sines, `[P, R / 2]`. */
  readonly sin: Tensor;
  /** Pairs are (x0, x1), (x2, x3), … (the paper, RoFormer), or (x0, x_{R/2}), (x1, x_{R/2+1}), … (Llama's family) if set. */
  readonly half?: boolean;
  /** The table's row for each token, `[N]`, integers, where it is not its position. */
  readonly rows?: Tensor;
}

/**
 * Turns the pairs of every head by the angles of its token's position (RoFormer, eq. 34). `x` is `[N, C]` with C = heads · D,
 * `positions` `[N]`, integers; gives `[N, C]`. Numbers of a head beyond the table's width R stay as they are. Errors:
 * ShapeError for sizes that do not fit, EngineError for a position beyond the table.
 */
export function rope(x: Tensor, table: RotaryTable, positions: Tensor, heads: number): Tensor {
  const [N, C] = x.dims("rope: x", "N", "C") as [number, number];
  const R = 2 * table.cos.shape[1]!;
  if (C % heads !== 0) throw new ShapeError("rope: width of x", C, `a multiple of ${heads} heads`);
  if (R > C / heads) throw new ShapeError("rope: table", [...table.cos.shape], `[P, R / 2] with R ≤ D = ${C / heads}`);
  if (positions.size !== N) throw new ShapeError("rope: positions", [...positions.shape], `[N] = [${N}]`);
  const turn = (y: Tensor, from: Tensor, backward: boolean) => {
    const { cos, sin, half = false } = table;
    engine().rope(y.slot, from.slot, positions.slot, cos.slot, sin.slot, heads, C / heads, R, half, backward);
    return y;
  };
  // A turn is linear and orthogonal: its gradient is the turn back.
  const backward: Backward = ([dy], d) => d.give(0, turn(empty(x.shape, "rope: dx"), dy!, true));
  const y = turn(empty(x.shape, "rope: y"), x, false);
  return record(y, [x], [x, positions, table.cos, table.sin], backward, (again) => turn(again, x, false));
}
