/** A script of a worker in Node: where it is, or (in the inlined build) itself. */
export type NodeScript = URL | string;

// Neither literals nor `import.meta.url` in place: a bundler would take the scripts for files to be copied as they are, or warn of a
// path that it cannot tell.
const here = import.meta.url;
const at = (path: string): URL => new URL(path, here);

/** The scripts of workers in Node. */
export const nodeScripts = {
  thread: (): NodeScript => at("../engine/wasm/poolWorker.mjs"),
  session: (): NodeScript => at("../session/worker.js"),
};
