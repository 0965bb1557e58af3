import { DataError } from "../errors.js";
import type { Platform } from "./platform.js";
import { cachedDownloads } from "./webDownloads.js";
import { firstMessage, holdLock, lockReleased, startThread, startWorker, turn } from "./webWorkers.js";

const noFiles = async (path: string): Promise<never> => {
  throw new DataError(`${path}: files have no path here; give a Map of Blobs or a URL`);
};

/** The bytes behind a URL. */
export async function fetchBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url).catch((error: Error) => {
    throw new DataError(`${url.href} cannot be fetched: ${error.message}`, { cause: error });
  });
  if (!response.ok)
    throw new DataError(`${url.href}: the server answered ${`${response.status} ${response.statusText}`.trim()}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // Servers of single-page applications answer with their page where they have no such file.
  if (bytes[0] === 0x3c)
    throw new DataError(
      `${url.href}: the server sent a page, not this file; is it where the bundler put the package's files?`,
    );
  return bytes;
}

/** Browsers and their workers: no paths, no processes. */
export const web: Platform = {
  isNode: false,
  addressOf: (url) => url.href,
  readFile: noFiles,
  readRange: noFiles,
  // biome-ignore lint/correctness/useYield: it only throws
  async *stream(path) {
    await noFiles(path);
  },
  fileSize: noFiles,
  exists: noFiles,
  listFolder: noFiles,
  writeFolder: noFiles,
  tryFolder: noFiles,
  writeFile: noFiles,
  downloads: cachedDownloads,
  readPackageFile: async (file) => (file instanceof URL ? fetchBytes(file) : file),
  readPackageFileSync(file) {
    if (file instanceof Uint8Array) return file;
    throw new Error("it cannot be read at once here: call `await init()` first");
  },
  peakMemory: () => undefined,
  now: () => performance.now(),
  // Browsers count hyper-threads.
  cores: () => Math.max(1, Math.floor((navigator.hardwareConcurrency ?? 2) / 2)),
  whyNoThreads,
  startThread,
  startWorker,
  firstMessage,
  holdLock,
  lockReleased,
  turn,
  environment: () => undefined,
};

function whyNoThreads(): string | undefined {
  if (typeof document !== "undefined")
    return "a page's own thread may not wait for others: use a session (roformer/session), or a worker";
  if (typeof SharedArrayBuffer === "undefined" || !globalThis.crossOriginIsolated) {
    return "the page is not cross-origin isolated: it needs the headers COOP: same-origin and COEP: require-corp";
  }
  return typeof Worker === "undefined" ? "this worker cannot start workers" : undefined;
}
