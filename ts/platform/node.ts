import type * as Files from "node:fs/promises";
import { DataError } from "../errors.js";
import { claimFolder } from "./nodeClaims.js";
import { pageCodecs, unzstd } from "./nodeCodecs.js";
import { folderOfDownloads } from "./nodeDownloads.js";
import { tryFile, writeFile } from "./nodeFile.js";
import { flushSync, type NodeModules } from "./nodeFiles.js";
import { spareFolders, tryFolder, writeFolder } from "./nodeFolders.js";
import { packageFolder } from "./nodePackages.js";
import { firstMessage, startThread, startWorker } from "./nodeWorkers.js";
import type { Platform } from "./platform.js";
import { fetchBytes } from "./web.js";

/** Bytes per read of a stream. */
const PIECE = 1 << 20;

/** Maximum bytes that Node reads at once. */
const LARGEST_READ = 2 ** 30;

/** Node's platform, or undefined elsewhere. Modules are loaded at run time, hidden from bundlers for browsers. */
export function createNode(): Platform | undefined {
  const modules = nodeModules();
  if (modules === undefined) return undefined;
  const { fs, path, sync, url } = modules;
  return {
    isNode: true,
    addressOf: (at) => (at.protocol === "file:" ? url.fileURLToPath(at) : at.href),
    readFile: (file) => fs.readFile(file),
    readRange: (file, start, end) => readRange(fs, file, start, end),
    stream: (file) => stream(fs, file),
    fileSize: async (file) => {
      const found = await orAbsent(fs.stat(file));
      return found?.isFile() ? found.size : undefined;
    },
    exists: async (file) => (await orAbsent(fs.stat(file))) !== undefined,
    listFolder: async (folder) => (await orAbsent(fs.readdir(folder)))?.sort(),
    fileStamp: async (file) => {
      const found = await orAbsent(fs.stat(file, { bigint: true }));
      return found?.isFile() ? `${found.ino} ${found.size} ${found.mtimeNs}` : undefined;
    },
    writeFolder: (folder, files, options) => writeFolder(modules, path.resolve(folder), files, options),
    claimFolder: (folder) => claimFolder(modules, path.resolve(folder)),
    async renameFolder(from, to) {
      await fs.rename(from, to);
      flushSync(modules, path.dirname(path.resolve(to)));
    },
    removeFolder: (folder) => fs.rm(folder, { recursive: true, force: true }),
    tryFolder: (folder, names) => tryFolder(modules, path.resolve(folder), names),
    spareFolders: (folder) => spareFolders(modules, path.resolve(folder)),
    writeFile: (file, content) => writeFile(modules, path.resolve(file), content),
    async appendFile(file, bytes) {
      await fs.mkdir(path.dirname(file), { recursive: true });
      await fs.appendFile(file, bytes);
    },
    tryFile: (file) => tryFile(modules, path.resolve(file)),
    downloads: (folder) => folderOfDownloads(modules, (file, start, end) => readRange(fs, file, start, end), folder),
    ...{ unzstd, pageCodecs: pageCodecs() },
    hash(algorithm) {
      const hash = process.getBuiltinModule("node:crypto").createHash(algorithm);
      return { update: (bytes) => void hash.update(bytes), hex: async () => hash.digest("hex") };
    },
    async readPackageFile(file) {
      if (file instanceof Uint8Array || file instanceof Promise) return file;
      if (file.protocol === "http:" || file.protocol === "https:") return fetchBytes(file);
      return fromPackage(() => fs.readFile(url.fileURLToPath(file)));
    },
    readPackageFileSync(file) {
      if (file instanceof Promise) throw new Error("it cannot be read synchronously: call `await init()` first");
      return file instanceof Uint8Array ? file : sync.readFileSync(url.fileURLToPath(file));
    },
    packageFolder,
    peakMemory: () => process.resourceUsage().maxRSS * 1024,
    now: () => performance.now(),
    cores: () => cores(sync),
    whyNoThreads: () => undefined,
    startThread,
    startWorker,
    firstMessage,
    // Node reports when a worker ends.
    holdLock: async () => undefined,
    lockReleased: () => new Promise(() => undefined),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    environment: (name) => process.env[name],
  };
}

/** Bundles for servers may lack the package's files, or replace their URLs by something that Node cannot read. */
async function fromPackage<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const advice = "if the package is bundled, mark it as external; in a clone, run npm run build";
    throw new DataError(`${(error as Error).message}; ${advice}`, { cause: error });
  }
}

function cores(sync: NodeModules["sync"]): number {
  const { availableParallelism, cpus } = process.getBuiltinModule("node:os");
  const threads = availableParallelism?.() ?? cpus().length;
  return Math.max(1, hasHyperThreads(sync) ? Math.floor(threads / 2) : threads);
}

/** Whether cores are hyper-threads: known on Linux; elsewhere x86 usually has them and ARM does not. */
function hasHyperThreads(sync: NodeModules["sync"]): boolean {
  if (process.platform !== "linux") return process.arch === "x64";
  try {
    return sync.readFileSync("/sys/devices/system/cpu/smt/active", "utf8").trim() === "1";
  } catch {
    return false;
  }
}

function nodeModules(): NodeModules | undefined {
  if (typeof process === "undefined" || typeof process.getBuiltinModule !== "function") return undefined;
  return {
    fs: process.getBuiltinModule("node:fs/promises"),
    sync: process.getBuiltinModule("node:fs"),
    path: process.getBuiltinModule("node:path"),
    url: process.getBuiltinModule("node:url"),
  };
}

/** Turns the error of a missing file into undefined; rethrows others. */
async function orAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

async function readRange(fs: typeof Files, file: string, start: number, end: number): Promise<Uint8Array> {
  const handle = await fs.open(file);
  try {
    const { size } = await handle.stat();
    const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(
        bytes,
        filled,
        Math.min(bytes.length - filled, LARGEST_READ),
        start + filled,
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

async function* stream(fs: typeof Files, file: string): AsyncIterable<Uint8Array> {
  const handle = await fs.open(file);
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(PIECE), 0, PIECE, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
