// Kills processes that save, at random moments, and looks at what they leave:
//
//     node test/programs/saveKills.mjs [kills] [seed]
//
// Every save has a number, which stands in each of its files: in config.json, the weights, the vocabulary and metrics.json. Saves
// take turns between one file of weights and shards. Half of the processes are killed after a random time, the others by themselves
// before or after a random call of the file system. Two readers look at the folder: this library's, which must find the save
// that was last over or the one that was under way, and a plain one that knows config.json and the files it belongs to, and may
// find no config.json besides. Prints the counts as JSON; exit code 1 for any mixture, unreadable folder or lost file.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RoFormer } from "../../dist/index.js";

const [kills, seed] = [Number(process.argv[2] ?? 25), Number(process.argv[3] ?? 1)];
const home = mkdtempSync(join(tmpdir(), "save-kills-"));
const out = join(home, "out");
const saver = fileURLToPath(new URL("savesForever.mjs", import.meta.url));

let state = seed >>> 0;
/** mulberry32: from 0 to 1. */
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

const users = new Map([
  ["notes.txt", "mine"],
  ["data/a.csv", "a,b"],
  ["data/deep/b.csv", "1"],
  [".hidden", "h"],
  ["model.txt", "m"],
]);
for (let i = 0; i < 30; i++) users.set(`user${i}.txt`, `u${i}`);
for (const [name, text] of users) {
  mkdirSync(join(out, name, ".."), { recursive: true });
  writeFileSync(join(out, name), text);
}

/** A number of a file of weights: all tensors but the derived one hold the save's. Undefined: it has that one alone. */
function firstNumber(file) {
  const bytes = readFileSync(join(out, file));
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const found = Object.entries(header).find(([name]) => !/__metadata__|embed_positions/.test(name));
  return found && bytes.readFloatLE(8 + length + found[1].data_offsets[0]);
}

/** The save that a reader of Hugging Face's files finds: its number, "refused" or what is wrong. */
function plainly() {
  if (!existsSync(join(out, "config.json"))) return "refused";
  const json = (file) => JSON.parse(readFileSync(join(out, file), "utf8"));
  const index = existsSync(join(out, "model.safetensors.index.json"));
  if (index && existsSync(join(out, "model.safetensors"))) return "one file and shards";
  const shards = index
    ? [...new Set(Object.values(json("model.safetensors.index.json").weight_map))]
    : ["model.safetensors"];
  const held = readdirSync(out).filter((name) => /^model.*\.safetensors$/.test(name));
  if (held.sort().join() !== shards.sort().join()) return `shards ${held}, not ${shards}`;
  const vocabulary = readFileSync(join(out, "vocab.txt"), "utf8").match(/^save(\d+)$/m)[1];
  const marks = [json("config.json").mark, json("metrics.json").mark, Number(vocabulary), ...shards.map(firstNumber)];
  const known = [...new Set(marks.filter((mark) => mark !== undefined))];
  return known.length === 1 ? known[0] : `saves ${marks}`;
}

/** The save that this library finds. */
async function loaded() {
  try {
    const model = await RoFormer.load(out);
    const numbers = new Set(model.parameters().flatMap((parameter) => [...parameter.read()]));
    const found = [model.config.mark, ...numbers];
    const mark = model.tokenizer.encode(`save${model.config.mark}`).tokens.includes(`save${model.config.mark}`);
    model.close();
    return found.length === 2 && found[0] === found[1] && mark ? found[0] : `saves ${found}, ${mark}`;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

const counts = {
  kills: 0,
  duringCommit: 0,
  own: {},
  plain: {},
  readWhileSaving: 0,
  lost: 0,
  leftAfterwards: 0,
  problems: [],
};
const count = (of, what) => {
  of[what] = (of[what] ?? 0) + 1;
};
const problem = (text) => counts.problems.length < 20 && counts.problems.push(text);

/** Starts a process that saves numbers from `first` on; `call` is the call of the file system at which it kills itself. */
function start(first, call) {
  const child = spawn(process.execPath, [saver, out, String(first), call ?? ""], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const told = { begun: first - 1, done: undefined, child };
  let text = "";
  told.started = new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (piece) => {
      text += piece;
      for (let cut = text.indexOf("\n"); cut >= 0; cut = text.indexOf("\n")) {
        const [word, number] = text.slice(0, cut).split(" ");
        text = text.slice(cut + 1);
        told[word] = Number(number);
        resolve();
      }
    });
  });
  told.ended = new Promise((resolve) => child.once("close", resolve));
  return told;
}

function check(who, of, found, old, begun) {
  const kind =
    found === "refused" ? "refused" : found === old ? "old" : found > old && found <= begun ? "new" : "wrong";
  count(of, kind);
  if (kind === "wrong" || (who === "own" && kind === "refused")) problem(`${who}: ${found}, not ${old} to ${begun}`);
}

let next = 1;
// What the folder holds for each of the readers: a save that is decided shows its files to the plain one a moment later.
let [last, lastPlain] = [0, 0];
const first = start(next, "");
await first.started;
while (first.done === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
first.child.kill("SIGKILL");
await first.ended;
next = first.begun + 1;
last = await loaded();
lastPlain = first.done;

for (let i = 0; i < kills; i++) {
  const byItself = i % 2 === 1;
  const saving = start(next, byItself ? `${Math.floor(random() * 130)}${random() < 0.5 ? "b" : "a"}` : "");
  await Promise.race([saving.started, saving.ended]);
  const old = last;
  if (!byItself) {
    const until = performance.now() + random() * 120;
    while (i % 10 === 0 && performance.now() < until) {
      const found = await loaded(); // another process is saving
      if (!Number.isInteger(found)) problem(`while saving: ${found}`);
      counts.readWhileSaving++;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - performance.now())));
    saving.child.kill("SIGKILL");
  }
  await saving.ended;
  counts.kills++;
  const before = Math.max(old, saving.done ?? old);
  lastPlain = Math.max(lastPlain, saving.done ?? 0);
  if (existsSync(join(out, ".roformer-save"))) counts.duringCommit++;
  const seen = plainly();
  check("plain", counts.plain, seen, lastPlain, saving.begun);
  if (Number.isInteger(seen)) lastPlain = seen;
  const found = await loaded();
  check("own", counts.own, found, before, saving.begun);
  if (Number.isInteger(found)) last = found;
  next = saving.begun + 1;
  for (const [name, text] of users) {
    if (existsSync(join(out, name)) && readFileSync(join(out, name), "utf8") === text) continue;
    counts.lost++;
    problem(`lost: ${name}`);
  }
  if (kills > 100 && i % 50 === 49) process.stderr.write(`${i + 1} kills ${JSON.stringify(counts)}\n`);
}

// The next save ends what was left, and leaves nothing but its own files and the user's.
const model = await RoFormer.load(out);
await model.save(out);
counts.leftAfterwards =
  readdirSync(out).filter((name) => name.startsWith(".roformer")).length + readdirSync(home).length - 1;
if (counts.leftAfterwards > 0) problem(`left: ${readdirSync(out)}, ${readdirSync(home)}`);
console.log(JSON.stringify(counts));
rmSync(home, { recursive: true, force: true });
process.exit(counts.problems.length === 0 ? 0 : 1);
