import { ConfigError } from "../errors.js";
import type { StartedWorker, ThreadFate, WorkerEnd, WorkerSource } from "./platform.js";
import { webScripts } from "./webScripts.js";

/** See `Platform.startThread`. */
export function startThread(data: unknown, { absent, ended }: ThreadFate): void {
  const worker = webScripts.start();
  worker.onerror = ({ message }) => (message ? ended(message) : absent(NOT_LOADED));
  worker.postMessage(data);
}

/** See `Platform.startWorker`. */
export function startWorker(source: WorkerSource | undefined, onEnd: WorkerEnd): StartedWorker {
  const worker = open(source);
  if (typeof worker?.postMessage !== "function")
    throw new ConfigError("worker is a function that does not return a Worker");
  worker.onerror = ({ message }) => onEnd(message || NOT_LOADED);
  worker.onmessageerror = () => onEnd("it sent what cannot be read");
  return {
    worker,
    postMessage: (message, transfer) => worker.postMessage(message, [...transfer]),
    hold: () => undefined, // a page's workers end with it
    terminate: async () => worker.terminate(),
  };
}

function open(source: WorkerSource | undefined): Worker {
  if (typeof source === "function") return source();
  return source === undefined ? webScripts.start() : new Worker(source, { type: "module" });
}

/** The reason if an event has no message. */
const NOT_LOADED =
  "its script could not be loaded: is it where the bundler put the package, does it come with the page's own Cross-Origin-Embedder-Policy, and does the page's Content-Security-Policy allow worker-src 'self'?";

/** See `Platform.firstMessage`. */
export function firstMessage(): Promise<unknown> {
  return new Promise((resolve) => {
    globalThis.addEventListener("message", ({ data }) => resolve(data), { once: true });
  });
}

/** See `Platform.holdLock`. */
export function holdLock(name: string): Promise<void> {
  const { locks } = navigator;
  if (locks === undefined) return Promise.resolve(); // a page that is not served over https
  return new Promise((resolve) => {
    const forEver = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    locks.request(name, forEver).catch(() => resolve());
  });
}

/** See `Platform.lockReleased`. */
export function lockReleased(name: string, signal: AbortSignal): Promise<void> {
  const { locks } = navigator;
  return new Promise((resolve) => {
    locks?.request(name, { signal }, () => resolve()).catch(() => undefined);
  });
}

/** See `Platform.turn`. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
