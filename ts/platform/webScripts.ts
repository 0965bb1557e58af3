/**
 * Workers in browsers. All run one script, whose first message selects its role. `new Worker(new URL(…))`
 * in one expression is what bundlers recognize.
 */
export const webScripts = {
  start: (): Worker => new Worker(new URL("../session/worker.js", import.meta.url), { type: "module" }),
};
