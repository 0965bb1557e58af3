// Fills the memory of an engine before its threads are up: `node fullMemory.mjs '{"mebibytes":64,"threads":2}'`.
import { init } from "../../dist/index.js";
import { zeros } from "../../dist/nn/index.js";

const { mebibytes, threads } = JSON.parse(process.argv[2]);
await init({ maxMemory: mebibytes * 2 ** 20, threads });
const kept = [];
let refused = "";
for (let size = 2 ** 20; size >= 256; size /= 2) {
  try {
    for (;;) kept.push(zeros([size]));
  } catch ({ name, message }) {
    refused = `${name}: ${message}`;
  }
}
await new Promise((resolve) => setTimeout(resolve, 800));
for (const one of kept) one.free();
console.log(JSON.stringify({ refused, works: zeros([64]).read().length === 64 }));
