// `node imports.mjs ENTRY MODE`: imports an entry and uses nothing of it; prints what that did. In the mode "bare" nothing that Node and
// browsers have beside the language is there.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const [entry, mode] = process.argv.slice(2);
const { stdout, getActiveResourcesInfo } = process;
const [read, workers, fetched] = [[], [], []];

/** Notes what an object's functions are called with. */
const watch = (object, note) => {
  for (const [name, value] of Object.entries(object)) {
    if (typeof value !== "function" || /^[A-Z_]/.test(name)) continue;
    object[name] = function (...args) {
      note(name, args);
      return Reflect.apply(value, this, args);
    };
  }
};
const file = (name, [path]) => /\.m?js$|package\.json$/.test(String(path)) || read.push(`${name} ${path}`);

watch(fs.promises, file);
watch(fs, file);
threads.Worker = class {
  constructor(script) {
    workers.push(String(script));
  }
};
syncBuiltinESMExports();
globalThis.fetch = async (url) => {
  fetched.push(String(url));
};
const BARE = [
  ...["process", "navigator", "fetch", "Worker", "MessageChannel", "BroadcastChannel", "performance", "Buffer", "Blob"],
  ...["SharedArrayBuffer", "setTimeout", "setImmediate", "crypto", "AbortController", "DecompressionStream"],
];
if (mode === "bare") for (const name of BARE) delete globalThis[name];

const names = () => Reflect.ownKeys(globalThis).map(String);
const events = () => (mode === "bare" ? [] : process.eventNames().map(String));
const before = { globals: names(), events: events(), resources: getActiveResourcesInfo() };
const { length } = Object.keys(await import(entry));
const fresh = (now, old) => now.filter((name) => !old.includes(name));
const answer = {
  ...{ exports: length, read, workers, fetched },
  globals: fresh(names(), before.globals),
  events: fresh(events(), before.events),
  resources: fresh(getActiveResourcesInfo(), before.resources),
};
stdout.write(`${JSON.stringify(answer)}\n`);
