import type { StartedWorker, WorkerSource } from "./platform.js";
import { webScripts } from "./webScripts.js";

/** See `Platform.startThread`. */
export function startThread(data: unknown, onEnd: (reason: string) => void): void {
  const worker = webScripts.start();
  worker.onerror = (event) => onEnd(inWords(event));
  worker.postMessage(data);
}

/** See `Platform.startWorker`. */
export function startWorker(source: WorkerSource | undefined, onEnd: (reason: string) => void): StartedWorker {
  const worker = open(source);
  worker.onerror = (event) => onEnd(inWords(event));
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

/** A script that does not load is an event without a message. */
const inWords = ({ message }: ErrorEvent): string =>
  message ||
  "its script could not be loaded: is it where the bundler put the package, and does the page's Content-Security-Policy allow worker-src 'self'?";

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
