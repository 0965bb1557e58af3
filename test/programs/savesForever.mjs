// Saves models into a folder until it is killed: `savesForever.mjs FOLDER FIRST [CALL]`. Each has a number in all of its files.
// CALL kills the process before ("17b") or after ("17a") that call of the file system.
import { RoFormer, Tokenizer } from "../../dist/index.js";

const [folder, first, call] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"];
const sizes = { embedding_size: 8, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };

async function numbered(mark) {
  const vocabulary = [...words, `save${mark}`];
  const tokenizer = await Tokenizer.load(new Map([["vocab.txt", new Blob([`${vocabulary.join("\n")}\n`])]]));
  const model = RoFormer.create({ vocab_size: vocabulary.length, ...sizes, mark }, { tokenizer });
  for (const parameter of model.parameters()) parameter.write(parameter.read().fill(mark));
  return model;
}

let calls = 0;
/** Counts the calls of a function, and kills the process at the one that was named. */
function deadly(of, name, [, number, when]) {
  const own = of[name];
  of[name] = (...given) => {
    const isIt = calls++ === Number(number);
    if (isIt && when === "b") process.kill(process.pid, "SIGKILL");
    const result = own.apply(of, given);
    if (isIt && when === "a") process.kill(process.pid, "SIGKILL");
    return result;
  };
}

const models = await Promise.all([numbered(first), numbered(first + 1)]);
const parsed = /^(\d+)([ab])$/.exec(call ?? "");
if (parsed) {
  const [sync, fs] = [process.getBuiltinModule("node:fs"), process.getBuiltinModule("node:fs/promises")];
  for (const name of ["renameSync", "rmSync", "mkdirSync", "utimesSync", "fsyncSync"]) deadly(sync, name, parsed);
  for (const name of ["open", "mkdir", "rm"]) deadly(fs, name, parsed);
}
for (let mark = first; ; mark++) {
  const model = models.shift();
  process.stdout.write(`begun ${mark}\n`);
  const files = new Map([["metrics.json", JSON.stringify({ mark })]]);
  await model.save(folder, { files, ...(mark % 2 === 0 && { maxShardBytes: 600 }) });
  process.stdout.write(`done ${mark}\n`);
  model.close();
  models.push(await numbered(mark + 2));
}
