// TensorFlow.js's wasm backend.
import { deterministic } from "../inputs.mjs";
import { installedVersion, notInstalled, wanted } from "./installed.mjs";

const NAME = "@tensorflow/tfjs-backend-wasm";

/** @type {import("./index.mjs").Peer} */
export const tfjs = {
  title: `TensorFlow.js wasm ${wanted[NAME]}`,
  installed: true,
  missing: ({ threads }) => notInstalled(NAME) ?? (threads > 1 ? "it has one thread in Node" : undefined),
  async start() {
    const tf = await import("@tensorflow/tfjs-core");
    await import(NAME);
    await tf.setBackend("wasm");
    await tf.ready();
    return { about: { version: installedVersion(NAME) }, works: works(tf) };
  },
};

const works = (tf) => ({
  product({ M, K, N }) {
    const weight = tf.tensor2d(deterministic(K * N, 2), [K, N]);
    const x = deterministic(M * K, 1);
    const run = () => {
      const input = tf.tensor2d(x, [M, K]);
      const y = tf.matMul(input, weight);
      const values = y.dataSync();
      input.dispose();
      y.dispose();
      return values;
    };
    return { run, output: run() };
  },
});
