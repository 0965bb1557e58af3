// Runs a program of the target wasm32-wasip1, as cargo's runner of its tests: `node wasi.mjs program.wasm [arguments]`.
import { readFileSync } from "node:fs";
import v8 from "node:v8";

// Silences the warning that WASI is experimental.
process.removeAllListeners("warning");
const { WASI } = await import("node:wasi");
if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
const args = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args, env: process.env, returnOnExit: true });
const module = new WebAssembly.Module(readFileSync(args[0] ?? ""));
const instance = await WebAssembly.instantiate(module, /** @type {WebAssembly.Imports} */ (wasi.getImportObject()));
try {
  process.exitCode = wasi.start(instance);
} catch (error) {
  // The panic has been printed; its stack has no useful names.
  console.error(String(error));
  process.exitCode = 134;
}
