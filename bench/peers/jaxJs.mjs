// jax-js's wasm backend: a model written in it, compiled by its jit.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transposed } from "../matrices.mjs";
import { readSafetensors } from "../safetensors.mjs";
import { installedVersion, notInstalled, wanted } from "./installed.mjs";
import { JaxRoFormer } from "./jaxJs/roformer.mjs";

const NAME = "@jax-js/jax";

/** @type {import("./index.mjs").Peer} */
export const jaxJs = {
  title: `jax-js ${wanted[NAME]}`,
  installed: true,
  // Its threads are browsers' workers, which Node does not have.
  missing: ({ threads }) => notInstalled(NAME) ?? (threads > 1 ? "it has one thread in Node" : undefined),
  async start() {
    const jax = await import("@jax-js/jax");
    await jax.init("wasm");
    jax.defaultDevice("wasm");
    return { about: { version: installedVersion(NAME) }, works: { step: (options) => step(jax, options) } };
  },
};

async function step(jax, { folder, batch, lr }) {
  const { numpy: np, random, tree } = jax;
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const [B, T] = [batch.ids.length, batch.ids[0].length];
  const model = new JaxRoFormer(jax, config, { B, T, dropout: config.hidden_dropout_prob });
  const run = model.step(lr);
  let params = parametersOf(np, join(folder, "model.safetensors"));
  const zeros = () => tree.map((one) => np.zeros(one.shape), params);
  let [m, v, steps] = [zeros(), zeros(), 0];
  /** @type {() => [any, any, any]} */
  const data = () => [
    np.array(batch.ids, { dtype: np.int32 }),
    np.array(batch.mask),
    np.array(batch.labels.map((label) => [1 - label, label])),
  ];

  return {
    output: await lossAndNorm(jax, model.check(tree.ref(params), random.key(0), ...data())),
    async run() {
      steps++;
      const [c1, c2] = [0.9, 0.999].map((beta) => np.array(1 / (1 - beta ** steps)));
      const next = run(params, m, v, random.key(steps), c1, c2, ...data());
      ({ params, m, v } = next);
      await jax.blockUntilReady(params);
      return (await next.value.data())[0];
    },
  };
}

/** Weights of linear layers as `[inputs, outputs]`, the way that JAX's libraries keep them. */
function parametersOf(np, file) {
  const tensors = readSafetensors(file).map(([name, { data, shape }]) => {
    const [rows, columns] = shape;
    if (columns === undefined || name.includes("embeddings")) return [name, np.array(data).reshape(shape)];
    return [name, np.array(transposed(data, rows, columns)).reshape([columns, rows])];
  });
  return Object.fromEntries(tensors);
}

/** Loss and norm of the gradients. */
async function lossAndNorm({ tree }, [loss, gradients]) {
  let sum = 0;
  for (const gradient of tree.leaves(gradients)) for (const value of await gradient.data()) sum += value * value;
  return Float32Array.of((await loss.data())[0], Math.sqrt(sum));
}
