// Whole models in a browser, on a page or, as a worker, beside it: the package by its exports, from dist.
import * as roformer from "../../dist/index.js";
import { joined } from "./joined.mjs";
import { wholeModels } from "./wholeModel.mjs";

/** What the engine, started with `options`, makes of this browser, and what models come to. */
export async function answer(options) {
  await roformer.init(options);
  const tookPart = await joined(true);
  return { ...(await roformer.doctor()), tookPart, ...(await wholeModels(roformer)) };
}

/** The same in a worker. */
export function answerOfWorker(options) {
  const worker = new Worker(import.meta.url, { type: "module" });
  worker.postMessage(options);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

if (typeof document === "undefined") {
  globalThis.onmessage = async ({ data }) => postMessage(await answer(data));
  // A failure shall reach the page instead of its time limit.
  addEventListener("unhandledrejection", ({ reason }) => {
    setTimeout(() => {
      throw reason;
    });
  });
}
