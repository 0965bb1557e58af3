/** A script of a worker in Node: where it is, or (in the inlined build) itself. */
export type NodeScript = URL | string;

// Not literals: a bundler would take the scripts for files to be copied as they are.
const at = (path: string): URL => new URL(path, import.meta.url);

/** The scripts of workers in Node. */
export const nodeScripts = {
  thread: (): NodeScript => at("../engine/poolWorker.mjs"),
  session: (): NodeScript => at("../session/worker.js"),
};
