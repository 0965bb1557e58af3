// Two threads against one.
import { batchOf, full } from "../inputs.mjs";
import { configs } from "../models.mjs";
import { labelled } from "./step.mjs";

/** @type {import("./index.mjs").Case} */
export const threads = {
  name: "threads",
  about: "two threads against one: base (8,128) forward and a training step",
  peers: [],
  async run(bench) {
    const forward = { batch: batchOf(full(8, 128), configs.base.vocab_size), folder: await bench.model("base") };
    const step = { batch: labelled("small", 8, 128), folder: await bench.model("small") };
    for (const { name, ...side } of [
      { name: "forward base (8,128)", peer: "ours", work: "forward", options: forward },
      { name: "step small (8,128)", peer: "ours", work: "step", options: step },
    ]) {
      await bench.pair({
        name: `2 threads, ${name}`,
        left: { ...side, threads: 2 },
        right: { ...side, threads: 1 },
        title: "1 thread",
        wanted: { least: 1.8 },
        of: "speed",
      });
    }
  },
};
