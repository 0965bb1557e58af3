// Training steps in which numbers are denormal: some processors take a hundred cycles for each.

/** Numbers below this, and above 0, are denormal. */
const LEAST_NORMAL = 2 ** -126;

const config = {
  vocab_size: 200,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 256,
  num_labels: 2,
};

/** Where the small numbers are. `bias` is by how much the model prefers the right class. */
const KINDS = {
  ordinary: { range: 0.2, bias: 0 },
  gradients: { range: 0.2, bias: 84 }, // e^−84 is 3 · 10⁻³⁷, and a factor of all gradients
  weights: { range: 1e-40, bias: 0 },
  products: { range: 1e-20, bias: 0 },
};

/** @param {import("../ours.mjs").Package} entries */
export const denormalWorks = ({ main }) => ({
  /** A step at the learning rate 0, so that the numbers stay as they are. */
  async denormals({ kind }) {
    const { range, bias } = KINDS[kind];
    const changed = { ...config, initializer_range: range };
    const model = main.RoFormer.create(changed, { head: "sequence-classification", seed: 1 });
    const name = "classifier.out_proj.bias";
    const parameter = model.parameters().find((one) => one.name === name);
    parameter.write([bias, 0]);
    const inputIds = [0, 1, 2, 3].map((b) => Array.from({ length: 64 }, (_, t) => 1 + ((b * 37 + t * 11) % 199)));
    const inputs = { inputIds, labels: [0, 0, 0, 0] };
    const optimizer = new main.AdamW(model, { lr: 0 });
    if (kind === "gradients") requireSmall(model.valueAndGrad(inputs).gradients.get(name).data);
    let step = 0;
    const run = () => {
      model.valueAndGrad(inputs, { train: true, seed: 1, step: step++ });
      optimizer.step();
    };
    return { run };
  },
});

/** @param {Float32Array} gradients of the bias, of which all others are products */
function requireSmall(gradients) {
  const largest = Math.max(...gradients.map(Math.abs));
  if (largest > LEAST_NORMAL && largest < 100 * LEAST_NORMAL) return;
  throw new Error(`the largest gradient is ${largest}: expected just above ${LEAST_NORMAL}`);
}
