// Not literals: a bundler would take the scripts for files to be copied as they are.
const at = (path: string): URL => new URL(path, import.meta.url);

/** Where scripts of workers are in Node. */
export const nodeScripts = {
  thread: (): URL => at("../engine/poolWorker.mjs"),
  session: (): URL => at("../session/worker.js"),
};
