// Works that are one op of `roformer/nn`.
import { deterministic } from "../../inputs.mjs";
import { transposed } from "../../matrices.mjs";

/** @param {import("../ours.mjs").Package} entries */
export const kernelWorks = (entries) => ({
  /** A product of two matrices that are in the engine already. */
  async matmul({ M, K, N, transposeA = false, transposeB = false }) {
    const nn = await entries.nn();
    const a = nn.tensor(deterministic(M * K, 1), transposeA ? [K, M] : [M, K]);
    const b = nn.tensor(deterministic(K * N, 2), transposeB ? [N, K] : [K, N]);
    const product = () => nn.scope(() => void nn.matmul(a, b, { transposeA, transposeB }));
    return { run: () => nn.noGrad(product), amount: 2 * M * K * N };
  },

  /** A linear layer, kept as a loaded model keeps it, for an x that comes from JavaScript and a result that goes there. */
  async product({ M, K, N }) {
    const nn = await entries.nn();
    const store = new nn.ParameterStore();
    const layer = new nn.Linear(new nn.ParameterScope(store, 1), K, N);
    store.allocate();
    store.parameters[0].write(transposed(deterministic(K * N, 2), K, N));
    store.pack?.(); // of packages that pack
    const x = deterministic(M * K, 1);
    const run = () => nn.noGrad(() => nn.scope(() => layer.forward(nn.tensor(x, [M, K])).read()));
    return { run, output: run() };
  },

  /** Softmax attention of one sequence, forward and backward. */
  async attention({ T, D, H }) {
    const [nn, kernels] = [await entries.nn(), await entries.engine()];
    const C = H * D;
    const inputs = [1, 2, 3].map((seed) => nn.tensor(deterministic(T * C, seed), [T, C]));
    const queryOffsets = nn.integers(Int32Array.of(0, T));
    const loss = () => nn.sum(nn.attention(...inputs, { heads: H, queryOffsets }));
    const run = () => nn.scope(() => void nn.valueAndGradients(loss, inputs));
    // Forward has 2 products of T × T × D, backward 5 more: it computes the scores anew.
    return { run, amount: 7 * 2 * T * T * D * H, measure: () => peakOf(kernels, run) };
  },
});

/**
 * The most bytes in the engine's heap, after one run.
 * @param {{ peak_bytes(): number }} kernels
 * @param {() => void} run
 */
function peakOf(kernels, run) {
  run();
  return { peak: kernels.peak_bytes() };
}
