// A training in an engine of 48 MiB: `node smallMemory.mjs '{"batch":64}'`. Prints a line of JSON.
import { ConfigError, EngineError, init, memory } from "../../dist/index.js";
import { finetune } from "../../dist/train/index.js";

await init({ maxMemory: 48 * 2 ** 20, threads: 1 });
const train = Array.from({ length: 100 }, (_, i) => ({
  text: Array.from({ length: 60 }, (_, j) => `word${(i * j) % 97}`).join(" "),
  label: i % 2,
}));
const usual = {
  train,
  text: "text",
  label: "label",
  width: 128,
  layers: 2,
  maxLength: 64,
  steps: 2,
  bagOfWords: false,
};
try {
  const { model } = await finetune({ ...usual, ...JSON.parse(process.argv[2]) });
  model.close();
  console.log(JSON.stringify({ peak: memory().peak }));
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof EngineError)) throw error;
  console.log(JSON.stringify({ refused: error.message, peak: memory().peak }));
}
