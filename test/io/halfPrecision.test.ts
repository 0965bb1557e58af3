import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { narrow, widen } from "../../ts/io/dtypes.js";
import { openFiles } from "../../ts/io/files.js";
import { openSafetensors } from "../../ts/io/safetensors.js";
import { readTensor } from "../../ts/io/weights.js";

/** All numbers of a type, by their bits. */
function all(dtype: "F16" | "BF16"): Float32Array {
  const numbers = new Float32Array(65536);
  const bits = Uint16Array.from(numbers, (_, i) => i);
  widen[dtype]!(numbers, 0, new Uint8Array(bits.buffer));
  return numbers;
}
const bitsOf = (dtype: "f16" | "bf16", x: number): number => {
  const bytes = narrow[dtype](Float32Array.of(x));
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, true);
};

describe.each(["f16", "bf16"] as const)("%s", (dtype) => {
  const numbers = all(dtype === "f16" ? "F16" : "BF16");

  it("keeps each of its own numbers", () => {
    for (const [bits, x] of numbers.entries()) {
      if (Number.isNaN(x)) expect(numbers[bitsOf(dtype, x)]).toBeNaN();
      else expect(bitsOf(dtype, x)).toBe(bits);
    }
  });

  it("takes the nearest number, and of two the even one", () => {
    const steps = fc.record({
      at: fc.nat(0x7bfe),
      part: fc.constantFrom(0, 0.25, 0.5, 0.75, 0.499, 0.501),
      minus: fc.boolean(),
    });
    fc.assert(
      fc.property(steps, ({ at, part, minus }) => {
        const [low, high] = [numbers[at]!, numbers[at + 1]!];
        const x = Math.fround(low + part * (high - low));
        const wanted = x - low < high - x || (x - low === high - x && at % 2 === 0) ? at : at + 1;
        expect(bitsOf(dtype, minus ? -x : x)).toBe(minus ? wanted | 0x8000 : wanted);
      }),
      { numRuns: 2000 },
    );
  });

  it("rounds a model's weights as PyTorch does", async () => {
    const open = (folder: string) =>
      openSafetensors(
        openFiles(fileURLToPath(new URL(`../golden/storage/${folder}`, import.meta.url))),
        "model.safetensors",
      );
    const [single, half] = [await open("safetensors"), await open(dtype === "f16" ? "float16" : "bfloat16")];
    for (const name of single.tensors.keys()) {
      // The table is computed in another precision.
      if (name.endsWith("embed_positions.weight")) continue;
      const bytes = narrow[dtype](await readTensor(single, name));
      const rounded = new Float32Array(bytes.length / 2);
      widen[dtype === "f16" ? "F16" : "BF16"]!(rounded, 0, bytes as Uint8Array<ArrayBuffer>);
      expect(rounded, name).toEqual(await readTensor(half, name));
    }
  });
});

it("f16 becomes infinite from 65520 on, and not before", () => {
  expect([65504, 65519.99, 65520, -1e30].map((x) => bitsOf("f16", x))).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00]);
});
