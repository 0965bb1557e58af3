import { openFiles } from "../../io/files.js";
import { platform } from "../../platform/index.js";

/** Where a teacher's outputs are kept: parts by name, each whole or not there. */
export interface CacheStore {
  /** Its name in messages. */
  readonly name: string;
  /** The size of a part in bytes; undefined where there is none. */
  size(part: string): Promise<number | undefined>;
  /** The bytes `[start, end)` of a part. */
  read(part: string, start: number, end: number): Promise<Uint8Array>;
  /** Keeps a part, whole or not at all. Errors: those of the file system. */
  write(part: string, bytes: Uint8Array): Promise<void>;
}

/** Parts in a folder, of which only what is asked for is read; without a folder, in memory. */
export const openCache = (folder: string | undefined): CacheStore =>
  folder === undefined ? memoryCache() : folderCache(folder.replace(/[/\\]+$/, ""));

const ENDING = ".teacher";

function folderCache(folder: string): CacheStore {
  const files = openFiles(folder);
  return {
    name: folder,
    size: (part) => platform.fileSize(`${folder}/${part}${ENDING}`),
    read: (part, start, end) => files.readRange(part + ENDING, start, end),
    write: (part, bytes) => platform.writeFile(`${folder}/${part}${ENDING}`, bytes),
  };
}

function memoryCache(): CacheStore {
  const parts = new Map<string, Uint8Array>();
  return {
    name: "memory",
    size: async (part) => parts.get(part)?.length,
    read: async (part, start, end) => parts.get(part)!.subarray(start, end),
    write: async (part, bytes) => void parts.set(part, bytes),
  };
}
