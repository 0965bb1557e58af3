// What 128-bit arithmetic reaches here: chains of relaxed_madd, or of mul and add, in registers alone.
import v8 from "node:v8";

/** Independent chains: enough to hide the latency of two pipes. */
const CHAINS = 12;

/** A module whose `run(n)` does n rounds of CHAINS fused (or separate) multiply-adds on vectors of four. */
function chains(fused) {
  const local = (i) => i + 1; // local 0 is n
  const round = Array.from({ length: CHAINS }, (_, i) => {
    const operands = [32, local(i), 32, local(CHAINS)];
    const madd = fused
      ? [...operands, 32, local(CHAINS + 1), 253, 133, 2]
      : [...operands, 253, 230, 1, 32, local(CHAINS + 1), 253, 228, 1];
    return [...madd, 33, local(i)];
  }).flat();
  const sum = Array.from({ length: CHAINS }, (_, i) => [32, local(i), ...(i ? [253, 228, 1] : [])]).flat();
  const leb = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >> 7)]);
  const loop = [3, 64, ...round, 32, 0, 65, 1, 107, 34, 0, 13, 0, 11];
  const body = [1, CHAINS + 2, 123, ...loop, ...sum, 253, 31, 0, 11];
  const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
  const code = [...leb(body.length), ...body];
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, [1, 96, 1, 127, 1, 125]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 114, 117, 110, 0, 0]),
    ...section(10, [1, ...code]),
  ]);
}

/**
 * Arithmetic to be timed: `run()` does `flops`.
 * @param {boolean} fused multiply and add in one instruction
 */
export function peakWork(fused, rounds = 2_000_000) {
  if (fused && process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(chains(fused)));
  const run = /** @type {(rounds: number) => number} */ (exports.run);
  return { run: () => run(rounds), flops: rounds * CHAINS * 8 };
}
