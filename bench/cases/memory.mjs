// The most memory that a process needs: inference beside the weights' size and a peer, training beside a limit.
import { statSync } from "node:fs";
import { join } from "node:path";
import { ask, fresh } from "../compare.mjs";
import { batchOf, full } from "../inputs.mjs";
import { configs } from "../models.mjs";
import { bytes } from "../table.mjs";
import { labelled } from "./step.mjs";

const MIB = 2 ** 20;

/** @type {import("./index.mjs").Case} */
export const memory = {
  name: "memory",
  about: "peak memory: base f32 loaded and run at (1,128); training base and 4 × 256 at (8,128)",
  peers: ["onnxruntimeWeb"],
  async run(bench) {
    const options = {
      folder: await bench.model("baseFull"),
      batch: batchOf(full(1, 128), configs.baseFull.vocab_size),
    };
    const side = (peer) => ({ peer, work: "start", options });
    const weights = statSync(join(options.folder, "model.safetensors")).size;
    for (const peer of ["ours", "onnxruntimeWeb"]) {
      const wanted = peer === "ours" ? { most: 1.4 } : undefined;
      const measure = async () => (await fresh(side(peer), bench.conditions)).bytes;
      await limited(bench, `memory baseFull (1,128), ${peer}`, side(peer), measure, {
        title: "weights",
        limit: weights,
        wanted,
      });
    }
    await training(bench, "base", 4096 * MIB);
    await training(bench, "small", 512 * MIB);
  },
};

/**
 * The engine's heap in training, under a limit that the engine is given too.
 * @param {import("../bench.mjs").Bench} bench
 * @param {keyof typeof configs} model
 * @param {number} limit bytes
 */
async function training(bench, model, limit) {
  const options = { folder: await bench.model(model), batch: labelled(model, 8, 128) };
  const side = { peer: "ours", work: "step", options, maxMemory: limit };
  const measure = async () => (await ask(side, bench.conditions)).peak;
  const title = `memory training ${model} (8,128)`;
  await limited(bench, title, side, measure, { title: "limit", limit, wanted: { most: 1 } });
}

/** A row that holds bytes against a number of bytes. */
export function limited(bench, name, side, measure, { title, limit, wanted }) {
  return bench.attempt(name, side, async () => {
    const found = await measure();
    const right = `${title} ${bytes(limit)}`;
    bench.add({ name, left: bytes(found), right, ratios: [found / limit], wanted, of: "memory" });
  });
}
