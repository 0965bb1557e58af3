import { embedding } from "../../ops/embedding.js";
import { add } from "../../ops/reduce.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import type { PackedBatch } from "../packed.js";
import type { Position, PositionOptions } from "./position.js";

/**
 * Fixed sinusoids added to the embeddings (Vaswani et al. 2017; RoFormer, eq. 4): p_{2t} = sin(k / 10000^(2t/E)),
 * p_{2t+1} = cos of the same.
 */
export function sinusoidal({ embeddingWidth: E }: PositionOptions): Position {
  return {
    kind: "absolute",
    embed(x: Tensor, batch: PackedBatch): Tensor {
      const y = empty([batch.reach, E]);
      const table = new Float32Array(y.size);
      for (let k = 0; k < batch.reach; k++) {
        for (let j = 0; j < E; j++) {
          const angle = k / 10000 ** ((j - (j % 2)) / E);
          table[k * E + j] = j % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
        }
      }
      y.write(table);
      return add(x, embedding(y, batch.positions));
    },
  };
}
