/** A worker's script in Node: its URL, or its source in the inlined build. */
export type NodeScript = URL | string;

// No literals and no `import.meta.url` here: a bundler would copy the scripts unbundled, or warn of a
// path that it cannot resolve.
const here = import.meta.url;
const at = (path: string): URL => new URL(path, here);

/** The scripts of workers in Node. */
export const nodeScripts = {
  thread: (): NodeScript => at("../engine/wasm/poolWorker.mjs"),
  session: (): NodeScript => at("../session/worker.js"),
};
