import { DataError } from "../errors.js";
import type { Platform } from "./platform.js";
import { shownAddress, shownUrl } from "./urls.js";
import { cachedDownloads } from "./webDownloads.js";
import { webHash } from "./webHashes.js";
import { firstMessage, holdLock, lockReleased, startThread, startWorker, turn } from "./webWorkers.js";

const noFiles = async (path: string): Promise<never> => {
  throw new DataError(`${path}: browsers cannot read paths; give a Map of Blobs or a URL`);
};

/** The bytes behind a URL. */
export async function fetchBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const name = shownUrl(url);
  const failed = (error: Error): never => {
    // The runtime's message must not show secrets of the address either.
    const message = error.message.replace(/[a-z]+:\/\/\S+/gi, shownAddress);
    throw new DataError(`${name} cannot be fetched: ${message}`, { reason: "network", cause: new Error(message) });
  };
  const response = await fetch(url).catch(failed);
  if (!response.ok) {
    const status = `${response.status} ${response.statusText}`.trim();
    const reason = response.status === 404 ? "not-found" : undefined;
    throw new DataError(`${name}: the server answered ${status}`, { reason });
  }
  const bytes = new Uint8Array(await response.arrayBuffer().catch(failed));
  // Servers of single-page applications send their page for missing files.
  if (bytes[0] === 0x3c)
    throw new DataError(
      `${name}: the server sent a web page instead of the file; is this where the bundler put the package's files?`,
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
  fileStamp: noFiles,
  writeFolder: noFiles,
  claimFolder: noFiles,
  renameFolder: noFiles,
  removeFolder: noFiles,
  tryFolder: noFiles,
  // biome-ignore lint/correctness/useYield: it only throws
  async *spareFolders(path) {
    await noFiles(path);
  },
  writeFile: noFiles,
  appendFile: noFiles,
  tryFile: noFiles,
  packageFolder: () => undefined,
  downloads: cachedDownloads,
  unzstd: () => undefined,
  pageCodecs: {},
  hash: webHash,
  readPackageFile: async (file) => (file instanceof URL ? fetchBytes(file) : file),
  readPackageFileSync(file) {
    if (file instanceof Uint8Array) return file;
    throw new Error("it cannot be read synchronously here: call `await init()` first");
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
    return "the page's main thread must not block: use a session (roformer/session) or a worker";
  if (typeof SharedArrayBuffer === "undefined" || !globalThis.crossOriginIsolated) {
    return "the page is not cross-origin isolated: it needs the headers COOP: same-origin and COEP: require-corp";
  }
  return typeof Worker === "undefined" ? "this worker cannot start workers" : undefined;
}
