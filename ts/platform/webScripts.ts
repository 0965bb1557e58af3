/** Scripts of workers in browsers. `new Worker(new URL(…))` in one piece is what bundlers recognise. */
export const webScripts = {
  thread: (): Worker => new Worker(new URL("../engine/poolWorker.mjs", import.meta.url), { type: "module" }),
  session: (): Worker => new Worker(new URL("../session/worker.js", import.meta.url), { type: "module" }),
};
