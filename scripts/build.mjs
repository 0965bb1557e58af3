// Builds what has changed: `node scripts/build.mjs --help` says more.
import { requireNode } from "./node.mjs";
import { runMain, say } from "./say.mjs";

const usage = (/** @type {string[]} */ parts) => `node scripts/build.mjs [part ...]

Builds the parts named, by default all of them, where their sources have changed: ${parts.join(", ")}.
  --help     prints this

wasm-opt is installed once into $WASM_TOOLS (default: roformer-tools in the user's cache folder).`;

await runMain(async () => {
  requireNode();
  const { parseArgs } = await import("node:util");
  const { build, PARTS } = await import("./parts.mjs");
  const options = /** @type {const} */ ({ help: { type: "boolean", short: "h" } });
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) say(usage(PARTS));
  else await build(positionals);
  return 0;
});
