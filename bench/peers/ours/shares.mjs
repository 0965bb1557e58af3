// Where a training step's time goes, seen from outside: every export of the engine is wrapped and timed.
import { batchOf, full } from "../../inputs.mjs";
import { configs } from "../../models.mjs";
import { stepOf } from "./models.mjs";

/** What an export does, by its name; the others are element-wise, or go along rows. */
const KINDS = [
  { kind: "gemm", names: /^(linear|matmul|gemm)/ },
  { kind: "attention", names: /^attention/ },
  { kind: "AdamW", names: /^(adamw|sum_of_squares)/ },
  { kind: "heap", names: /^(alloc|free|window|address|length|live|used_bytes|peak_bytes|set_poison|team_)/ },
];

/** @param {string} name */
const kindOf = (name) => KINDS.find(({ names }) => names.test(name))?.kind ?? "element-wise";

/**
 * Wraps the engine's exports; the map it gives grows with every call: `{ calls, ms }` by export.
 * @param {{ [name: string]: unknown }} kernels
 */
function watch(kernels) {
  /** @type {Map<string, { calls: number, ms: number }>} */
  const spent = new Map();
  for (const [name, call] of Object.entries(kernels)) {
    if (typeof call !== "function") continue;
    kernels[name] = (...values) => {
      const from = performance.now();
      try {
        return call(...values);
      } finally {
        const sum = spent.get(name) ?? { calls: 0, ms: 0 };
        spent.set(name, { calls: sum.calls + 1, ms: sum.ms + performance.now() - from });
      }
    };
  }
  return spent;
}

/** @param {import("../ours.mjs").Package} entries */
export const shareWorks = ({ main, engine }) => ({
  /** Milliseconds of `steps` steps by kind, and what is left for JavaScript. */
  async shares({ model: name, B, T, steps }) {
    const step = freshStep(main, name, B, T);
    step();
    const spent = watch(await engine());
    return { measure: () => Array.from({ length: steps }, () => timedStep(step, spent)) };
  },

  /** Calls, slots and bytes of a step and of a forward pass, once everything has been made that stays. */
  async counts({ model: name, B, T }) {
    const model = fresh(main, name);
    const batch = { ...batchOf(full(B, T), configs[name].vocab_size), labels: full(B, 1) };
    const step = stepOf(main, model, batch);
    const forward = () => model.forward({ inputIds: batch.ids });
    for (const run of [forward, step, step]) run();
    const kernels = await engine();
    const spent = watch(kernels);
    const counts = (run) => countsOf(run, spent, kernels);
    return { measure: () => ({ forward: counts(forward), step: counts(step) }) };
  },
});

const fresh = ({ RoFormer }, name) => RoFormer.create(configs[name], { head: "sequence-classification", seed: 1 });

function freshStep(main, name, B, T) {
  const batch = { ...batchOf(full(B, T), configs[name].vocab_size), labels: full(B, 1) };
  return stepOf(main, fresh(main, name), batch);
}

function timedStep(step, spent) {
  spent.clear();
  const from = performance.now();
  step();
  const total = performance.now() - from;
  const sums = { gemm: 0, attention: 0, "element-wise": 0, AdamW: 0, heap: 0 };
  for (const [name, { ms }] of spent) sums[kindOf(name)] += ms;
  const inside = Object.values(sums).reduce((sum, ms) => sum + ms, 0);
  return { ...sums, "outside wasm": total - inside, total };
}

function countsOf(run, spent, kernels) {
  spent.clear();
  run();
  const calls = Object.fromEntries([...spent].map(([name, { calls }]) => [name, calls]).sort());
  const kernelCalls = Object.entries(calls).filter(([name]) => kindOf(name) !== "heap");
  return {
    kernelCalls: kernelCalls.reduce((sum, [, count]) => sum + count, 0),
    slotsMade: (calls.alloc ?? 0) + (calls.window ?? 0),
    liveAfter: kernels.live(),
    usedBytes: kernels.used_bytes(),
    peakBytes: kernels.peak_bytes(),
    calls: Object.fromEntries(kernelCalls),
  };
}
