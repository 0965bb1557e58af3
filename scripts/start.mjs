// `npm start`: builds what this machine needs and nothing else, then runs the example with the same arguments.
import { parseArgs } from "node:util";
import { requireNode } from "./node.mjs";
import { runMain } from "./say.mjs";

await runMain(async () => {
  requireNode();
  const { build, partsForHere } = await import("./parts.mjs");
  const { values } = parseArgs({ options: { threads: { type: "string" } }, strict: false });
  await build(await partsForHere(String(values.threads ?? process.env.ROFORMER_THREADS ?? "auto")));
  return 0;
});
// In this process, which its commands' Ctrl-C and exit codes then reach.
const example = new URL("../examples/spam/run.mjs", import.meta.url);
if (process.exitCode === 0) await import(example.href);
