// The f32 tensors of a safetensors file, read without the package: peers get what a user would get.
import { readFileSync } from "node:fs";

/**
 * `[name, { data, shape }]` of every tensor.
 * @param {string} file
 * @returns {[string, { data: Float32Array, shape: number[] }][]}
 */
export function readSafetensors(file) {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const length = Number(new DataView(buffer, byteOffset).getBigUint64(0, true));
  const start = byteOffset + 8 + length;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, byteOffset + 8, length)));
  const tensors = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return tensors.map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      if (dtype !== "F32" || start + to > byteOffset + byteLength) throw new Error(`${file}: ${name} cannot be read`);
      return [name, { data: new Float32Array(buffer.slice(start + from, start + to)), shape }];
    },
  );
}
