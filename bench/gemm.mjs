// GEMM of the built package beside this machine's peak: node bench/gemm.mjs [M N K …]. One thread; the best of many runs.
import { engine, engineStatus, init } from "../dist/engine/engine.js";
import { peak } from "./peak.mjs";

const given = process.argv.slice(2).map(Number);
const shapes =
  given.length >= 3
    ? [given.slice(0, 3)]
    : [
        [128, 768, 768],
        [512, 3072, 768],
        [1024, 1024, 1024],
        [64, 64, 64],
        [128, 256, 256],
        [1, 768, 768],
      ];
await init({ v8Flags: true, threads: 1 });
const core = engine();
const fused = engineStatus().variant === "relaxed";

/** Best seconds of `run`, over about half a second. */
function best(run) {
  let least = Number.POSITIVE_INFINITY;
  for (const end = performance.now() + 500; performance.now() < end; ) {
    const from = performance.now();
    run();
    least = Math.min(least, performance.now() - from);
  }
  return least / 1000;
}

for (const [m, n, k] of shapes) {
  const [c, a, b] = [core.alloc(m * n), core.alloc(m * k), core.alloc(n * k)];
  for (const slot of [a, b]) core.random_normal(slot, 1, 1, 0, 0, slot);
  const rate = (transposeA, transposeB) =>
    (2e-9 * m * n * k) / best(() => core.matmul(c, a, b, m, n, k, transposeA, transposeB, false));
  const ceiling = peak(fused, 6);
  const shown = Object.entries({ x·Wᵀ: rate(false, true), dy·W: rate(false, false), dyᵀ·x: rate(true, false) }).map(
    ([form, gflops]) => `${form} ${gflops.toFixed(1)} (${Math.round((100 * gflops) / ceiling)} %)`,
  );
  console.log(`${m}×${n}×${k}`.padEnd(15), shown.join("  "), ` peak ${ceiling.toFixed(1)} GFLOP/s`);
  for (const slot of [c, a, b]) core.free(slot);
}
