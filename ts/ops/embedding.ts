import { record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { empty, type Tensor } from "../tensor/tensor.js";

const NONE = 0xffffffff;

/**
 * Rows `ids`, `[N]`, integers, of `table`, `[V, W]`: gives `[N, W]`. Rows with the id `padding` get no gradient (PyTorch's
 * `padding_idx`). Errors: ShapeError for tensors of other dimensions, EngineError for an id that is not below V.
 */
export function embedding(table: Tensor, ids: Tensor, padding = NONE): Tensor {
  const [, W] = table.dims("embedding: table", "V", "W") as [number, number];
  const [N] = ids.dims("embedding: ids", "N") as [number];
  const y = empty([N, W], "embedding: y");
  engine().embedding(y.slot, table.slot, ids.slot, W, false);
  return record(y, [table], [ids], ([dy], d) => {
    d.add(0, (dtable) => engine().embedding_backward(dtable, dy!.slot, ids.slot, W, padding));
  });
}

/**
 * Rows `indices`, `[R]`, integers, of `x`, `[N, W]`, in that order: gives `[R, W]`. A row may be taken twice or not at all.
 * Errors: as {@link embedding}.
 */
export const gatherRows = (x: Tensor, indices: Tensor): Tensor => embedding(x, indices);
