// onnxruntime-web's wasm backend, on graphs that onnx/ makes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deterministic } from "../inputs.mjs";
import { notInstalled, wanted } from "./installed.mjs";

const NAME = "onnxruntime-web";

/** @type {import("./index.mjs").Peer} */
export const onnxruntimeWeb = {
  title: `${NAME} ${wanted[NAME]}`,
  installed: true,
  missing: () => notInstalled(NAME),
  async start({ threads }) {
    const ort = await import("onnxruntime-web");
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    return { about: { threads }, works: works(ort) };
  },
};

const works = (ort) => ({
  forward: ({ folder, batch, int8 }) => forward(ort, join(folder, int8 ? "model.int8.onnx" : "model.onnx"), batch),
  /** From nothing to logits: loads, runs once. */
  async start({ folder, batch }) {
    const { output } = await forward(ort, join(folder, "model.onnx"), batch);
    return { output };
  },
  async product({ M, K, N }) {
    const { productGraph } = await import("../onnx/product.mjs");
    const session = await open(ort, productGraph(deterministic(K * N, 2), K, N));
    const x = deterministic(M * K, 1);
    const run = async () => (await session.run({ x: new ort.Tensor("float32", x, [M, K]) })).y.data;
    return { run, output: await run() };
  },
});

const open = (ort, model) => ort.InferenceSession.create(model, { executionProviders: ["wasm"] });

async function forward(ort, file, { ids, mask }) {
  const session = await open(ort, readFileSync(file));
  const [B, T] = [ids.length, ids[0].length];
  const feed = (rows) => new ort.Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [B, T]);
  const feeds = { input_ids: feed(ids), attention_mask: feed(mask) };
  const { last_hidden_state: states, logits } = await session.run(feeds);
  const output = Float32Array.from([...logits.data, ...withoutPadding(states, mask.flat())]);
  return { run: () => session.run(feeds, ["last_hidden_state"]), output };
}

/** Rows at padding mean nothing: 0, as the other side has them. */
function withoutPadding({ data, dims }, mask) {
  const width = dims.at(-1);
  return data.map((value, i) => (mask[Math.floor(i / width)] ? value : 0));
}
