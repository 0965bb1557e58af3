// A visitor's view: from navigation with an empty cache to the first prediction, in Chromium.
import { RoFormer } from "../../dist/index.js";
import { trainTokenizer } from "../../dist/train/index.js";
import { visits } from "../page.mjs";
import { median } from "../statistics.mjs";
import { bytes, duration } from "../table.mjs";

/** Bytes as they are sent, gzip, of everything but the model. */
const MOST_BYTES = 1.1e6;

/** @type {import("./index.mjs").Case} */
export const page = {
  name: "page",
  about:
    "a page in Chromium, from navigation to the first prediction: bytes, and seconds of a session beside the page's own thread",
  peers: [],
  async run(bench) {
    const side = { peer: "ours", work: "page" };
    await bench.attempt("page", side, async () => {
      const model = await smallClassifier();
      const times = bench.conditions.quick ? 3 : 9;
      const [there, here] = [await visits("session", model, times), await visits("page", model, times)];
      const ms = (list) => list.map((one) => one.ms);
      for (const [path, size] of Object.entries(there[0].files))
        console.error(`    ${String(size).padStart(8)}  ${path}`);
      bench.add({
        ...{ name: "page: bytes without the model", left: `${there[0].bytes}`, right: `${MOST_BYTES}` },
        ...{ ratios: there.map((one) => one.bytes / MOST_BYTES), wanted: { most: 1 }, of: "memory" },
      });
      bench.add({
        ...{ name: `page: time (model ${bytes(there[0].model)})`, left: `session ${duration(median(ms(there)))}` },
        ...{ right: `page's thread ${duration(median(ms(here)))}`, of: "time" },
        ratios: there.map((one, i) => one.ms / here[i].ms),
      });
    });
  },
};

/** A classifier of 2 × 128 with a tokenizer of 8,000 words, as files. */
async function smallClassifier() {
  const words = Array.from({ length: 8000 }, (_, i) => (i * 7919).toString(36).padStart(4, "a"));
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines: words, vocabSize: 8000, minFrequency: 1 });
  const config = {
    ...{ vocab_size: tokenizer.vocabSize, hidden_size: 128, num_hidden_layers: 2 },
    ...{ num_attention_heads: 2, intermediate_size: 512, id2label: { 0: "no", 1: "yes" } },
  };
  const made = RoFormer.create(config, { head: "sequence-classification", tokenizer });
  const files = await made.files();
  made.close();
  return new Map(
    await Promise.all([...files].map(async ([name, blob]) => [name, new Uint8Array(await blob.arrayBuffer())])),
  );
}
