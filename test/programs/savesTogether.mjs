// Saves a model into a folder a number of times: `savesTogether.mjs FOLDER TIMES NUMBER START`, from START on (milliseconds since
// 1970). All its numbers are NUMBER; odd ones have shards. Prints what went wrong, a line each.
import { RoFormer } from "../../dist/index.js";

const [folder, times, mark] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const sizes = { hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };
const model = RoFormer.create({ vocab_size: 10, ...sizes, mark });
for (const parameter of model.parameters()) parameter.write(parameter.read().fill(mark));
await new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(process.argv[5]) - Date.now())));
for (let i = 0; i < times; i++) {
  const settings = { files: new Map([["metrics.json", String(mark)]]), ...(mark % 2 && { maxShardBytes: 600 }) };
  await model.save(folder, settings).catch((error) => console.log(`${error.name}: ${error.message}`));
}
