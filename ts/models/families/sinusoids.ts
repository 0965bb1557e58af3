import { ConfigError } from "../../errors.js";
import type { TensorSource } from "../../io/safetensorsWriter.js";
import { ropeTable } from "../../nn/ropeTable.js";
import type { FamilyConfig } from "../configFields.js";

/** Numbers of the largest table that is written, 256 MiB as f32: 1,048,576 positions of heads of 64. */
const LARGEST_TABLE = 2 ** 26;

/**
 * The table that Hugging Face's RoFormer keeps as a tensor, `[max_position_embeddings, D]`: sines in the first half of each
 * row, cosines in the second. It is derived, and never read here. Errors: ConfigError for a table beyond all use.
 */
export function sinusoids(config: FamilyConfig, prefix: string): TensorSource {
  const [rows, D] = [config.max_position_embeddings, config.hidden_size / config.num_attention_heads];
  if (rows * D > LARGEST_TABLE)
    throw new ConfigError(
      `save: max_position_embeddings is ${rows}, not at most ${Math.floor(LARGEST_TABLE / D)}: Hugging Face's RoFormer has a ` +
        `table of as many rows, ${((4 * rows * D) / 2 ** 30).toFixed(1)} GiB. Rotary positions do without: load the model with ` +
        "{ config: { max_position_embeddings: 1536 } }",
    );
  const read = () => {
    const { sin, cos } = ropeTable({ headSize: D, positions: Array.from({ length: rows }, (_, p) => p) });
    const table = new Float32Array(rows * D);
    for (let p = 0; p < rows; p++) {
      table.set(sin.subarray((p * D) / 2, ((p + 1) * D) / 2), p * D);
      table.set(cos.subarray((p * D) / 2, ((p + 1) * D) / 2), p * D + D / 2);
    }
    return table;
  };
  return { name: `${prefix}encoder.embed_positions.weight`, shape: [rows, D], read };
}
