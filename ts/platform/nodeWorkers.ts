import type { Worker as NodeWorker, TransferListItem } from "node:worker_threads";
import { ConfigError } from "../errors.js";
import { type NodeScript, nodeScripts } from "./nodeScripts.js";
import type { StartedWorker, ThreadFate, WorkerEnd, WorkerSource } from "./platform.js";

// Without the parent's flags: a TypeScript loader would slow the start of each worker.
const start = (script: NodeScript, data?: unknown): NodeWorker => {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  return new Worker(script, { workerData: data, execArgv: [], eval: typeof script === "string" });
};

/** See `Platform.startThread`. Not every Node reports a missing script in the worker's error. */
export function startThread(data: unknown, { absent, ended }: ThreadFate): void {
  const script = nodeScripts.thread();
  if (script instanceof URL && !process.getBuiltinModule("node:fs").existsSync(script)) {
    absent(`${script.href} does not exist`);
    return;
  }
  const worker = start(script, data);
  worker.once("error", (error) => ended((error as Error).message));
  worker.once("exit", () => ended("it exited"));
  worker.unref();
}

/** See `Platform.startWorker`. */
export function startWorker(source: WorkerSource | undefined, onEnd: WorkerEnd): StartedWorker {
  if (typeof source === "function")
    throw new ConfigError("worker is a function, which only browsers support: give a URL");
  const script = typeof source === "string" ? fileUrl(source) : (source ?? nodeScripts.session());
  const worker = start(script);
  let ending = false;
  worker.once("error", (error) => notifyEnd(error as NodeJS.ErrnoException, onEnd));
  worker.once("exit", (code) => {
    if (!ending) onEnd(`it exited with code ${code}`);
  });
  worker.unref();
  return {
    worker,
    postMessage: (message, transfer) => worker.postMessage(message, transfer as TransferListItem[]),
    hold: (held) => (held ? worker.ref() : worker.unref()),
    async terminate() {
      ending = true;
      await worker.terminate();
    },
  };
}

const fileUrl = (path: string): URL =>
  /^(file|data):/.test(path) ? new URL(path) : process.getBuiltinModule("node:url").pathToFileURL(path);

function notifyEnd({ code, message }: NodeJS.ErrnoException, onEnd: WorkerEnd): void {
  if (code === "ERR_WORKER_OUT_OF_MEMORY") onEnd(`it ran out of JavaScript's memory (${message})`, "out-of-memory");
  else onEnd(message);
}

/** See `Platform.firstMessage`. */
export function firstMessage(): Promise<unknown> {
  const { parentPort } = process.getBuiltinModule("node:worker_threads");
  return new Promise((resolve) => parentPort?.once("message", resolve));
}
