import { ShapeError } from "../../errors.js";
import { embedding } from "../../ops/embedding.js";
import { add } from "../../ops/reduce.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { PackedBatch } from "../packed.js";
import type { Position, PositionOptions } from "./position.js";

/** A learned vector a position, added to the embeddings (BERT). Positions beyond the table are refused. */
export function learned({ params, embeddingWidth, maxPositions }: PositionOptions): Position {
  const table = params.weight("weight", [maxPositions, embeddingWidth]);
  return {
    kind: "absolute",
    embed(x: Tensor, batch: PackedBatch): Tensor {
      if (batch.reach > maxPositions) {
        throw new ShapeError("number of positions", batch.reach, `at most max_position_embeddings = ${maxPositions}`);
      }
      return add(x, embedding(table, batch.positions));
    },
  };
}
