// Figures that are the same on every machine, committed so that a change shows in the diff. Started by itself, prints them
// as JSON; `npm run bench -- snapshots` writes them to bench/snapshots/.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { ask } from "./compare.mjs";
import { DIST } from "./folders.mjs";

/** The batch that is counted. */
const STEP = { model: "small", B: 8, T: 128 };

/** Bytes of the kernels' modules, by build. */
function wasmSizes() {
  const folder = join(DIST, "wasm");
  const files = readdirSync(folder).map((build) => [build, join(folder, build, "core_bg.wasm")]);
  const cores = files.filter(([, file]) => existsSync(file)).sort();
  return Object.fromEntries(
    cores.map(([build, file]) => {
      const module = readFileSync(file);
      return [build, { bytes: module.length, gzip: gzipSync(module, { level: 9 }).length }];
    }),
  );
}

/** Calls, slots and bytes of a forward pass and a training step of 4 × 256 at (8,128), one thread. */
function stepCounts() {
  const conditions = { threads: 1, dist: DIST, node: execPath, pairs: 1, sliceMs: 0 };
  return ask({ peer: "ours", work: "counts", options: STEP }, conditions);
}

/** Writes both files. */
export async function writeSnapshots() {
  for (const [name, figures] of Object.entries({ wasm: wasmSizes(), step: await stepCounts() })) {
    const file = fileURLToPath(new URL(`snapshots/${name}.json`, import.meta.url));
    writeFileSync(file, `${JSON.stringify(figures, undefined, 2)}\n`);
    console.log(`bench/snapshots/${name}.json`);
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify({ wasm: wasmSizes(), step: await stepCounts() }));
}
