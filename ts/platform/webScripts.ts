/**
 * Workers in browsers. There is one script for all, which is told with its first message what it is to be. `new Worker(new URL(…))`
 * in one piece is what bundlers recognise.
 */
export const webScripts = {
  start: (): Worker => new Worker(new URL("../session/worker.js", import.meta.url), { type: "module" }),
};
