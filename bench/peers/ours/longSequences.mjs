// Works whose sequence is so long that it matters how attention grows with it.
import { batchOf, deterministic } from "../../inputs.mjs";
import { Unavailable } from "../../unavailable.mjs";
import { peakOfStep, stepOf } from "./models.mjs";

/** @param {import("../ours.mjs").Package} entries */
export const longSequenceWorks = ({ main, nn: load, engine }) => ({
  /** A registered attention of one sequence with rotary positions, forward and backward, and the engine's most bytes. */
  async longAttention({ attention, T, D, H }) {
    const [nn, kernels] = [await load(), await engine()];
    const { layer, position } = layerOf(nn, { attention, D, H });
    const inputs = [1, 2, 3].map((seed) => nn.tensor(deterministic(T * H * D, seed), [T, H * D]));
    const batch = new nn.SequenceBatch({ offsets: Int32Array.of(0, T), positions: Int32Array.from(Array(T).keys()) });
    const loss = () => nn.sum(layer.forward(...inputs, { heads: H, batch, position, mask: {} }));
    const run = () => nn.scope(() => void nn.valueAndGradients(loss, inputs));
    return { run, measure: () => ({ peak: kernels.peak_bytes() }) };
  },

  /** The op of linear attention alone, forward and backward. */
  async linearAttention({ T, D, M, H, causal }) {
    const nn = await load();
    if (!nn.linearAttention) throw new Unavailable("it has no linear attention");
    const widths = [M, M, D].map((width) => H * width);
    const inputs = widths.map((width, i) => nn.tensor(deterministic(T * width, i + 1), [T, width]));
    const [a, b, v] = inputs;
    const options = { heads: H, queryOffsets: nn.integers(Int32Array.of(0, T)), causal };
    const loss = () => nn.sum(nn.linearAttention({ a, b, v }, options));
    const run = () => nn.scope(() => void nn.valueAndGradients(loss, inputs));
    return { run, amount: linearAttentionFlops({ T, D, M, H, causal }) };
  },

  /** A training step of a new model over one text of T tokens. */
  async longStep({ config, T, recompute }) {
    const model = main.RoFormer.create(config, { head: "sequence-classification", seed: 1 });
    const batch = { ...batchOf([T], config.vocab_size), labels: [1] };
    const run = stepOf(main, model, batch, { recompute });
    const kernels = await engine();
    return { run, measure: () => peakOfStep(kernels, run) };
  },
});

/** An attention as `nn`'s registry makes it for one layer, and the positions that it turns by. */
function layerOf(nn, { attention, D, H }) {
  const make = nn.attentions[attention];
  if (!make) throw new Unavailable(`it has no attention called ${attention}`);
  const store = new nn.ParameterStore();
  const params = new nn.ParameterScope(store, 1);
  const position = nn.positions.rotary({ params, embeddingWidth: H * D, heads: H, headSize: D, maxPositions: 1 });
  const layer = make({ params, heads: H, headSize: D, position, rotation: "eq19" });
  store.allocate();
  return { layer, position };
}

/**
 * Flops as the kernels do them (crates/kernels/src/linear_attention), for numerators, which are D wide, and denominators, 1 wide.
 *
 * A product of T rows with a state is 2 · T · M · width. Forward has 2: the states, and the queries with them. Backward has 5: the
 * states anew, those of the queries, and da, db, dv. A causal part of 128 rows also meets its own keys, 32 queries at once with the
 * keys up to the last of them, (32 + 64 + 96 + 128) / 4 = 80 on average: scores and what is summed up by them are 2 · T · 80 · (M + width)
 * in the output, and again in da, in db, in dv.
 */
function linearAttentionFlops({ T, D, M, H, causal }) {
  const sums = (width) => 7 * 2 * T * M * width + (causal ? 4 * 2 * T * 80 * (M + width) : 0);
  return H * (sums(D) + sums(1));
}
