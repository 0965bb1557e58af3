import { CheckpointError, DataError } from "../errors.js";
import { type Content, platform } from "../platform/index.js";

/** A folder's files, wherever they are. Names are relative and use `/`. */
export interface Files {
  /** What to call the folder in messages. */
  readonly name: string;
  has(file: string): Promise<boolean>;
  /** Size in bytes. */
  size(file: string): Promise<number>;
  /** The whole file. Absent: DataError. */
  read(file: string): Promise<Uint8Array>;
  /** The bytes `[start, end)`; fewer where the file ends before. */
  readRange(file: string, start: number, end: number): Promise<Uint8Array>;
  /** Names of the files, sorted; undefined where nobody tells (servers). */
  list(): Promise<string[] | undefined>;
}

/** What can be opened: a folder's path, or the files themselves. */
export type FileSource = string | ReadonlyMap<string, Blob> | Files;

/** The files of a source. Neither the folder nor its files are touched before they are asked for. */
export function openFiles(source: FileSource): Files {
  if (typeof source === "string") return folderFiles(source);
  if (source instanceof Map) return blobFiles(source);
  if (typeof (source as Files | undefined)?.readRange !== "function")
    throw new DataError(`${String(source)} is no folder's path and no Map of files`);
  return source as Files;
}

/** How a file is called in messages: `folder/file`. */
export const fileName = (files: Files, file: string): string => (files.name === "" ? file : `${files.name}/${file}`);

/** True for the name of a file inside a folder: relative, no `..`, no drive, no URL, nothing to be decoded. */
export function isInside(file: string): boolean {
  const parts = file.split("/");
  return !/[\\\0:%]/.test(file) && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

function folderFiles(folder: string): Files {
  const name = folder.replace(/[/\\]+$/, "");
  const at = (file: string) => `${name}/${file}`;
  const absent = (file: string) => new DataError(`${at(file)}: no such file`);
  return {
    name,
    has: async (file) => (await platform.fileSize(at(file))) !== undefined,
    size: async (file) => {
      const size = await platform.fileSize(at(file));
      if (size === undefined) throw absent(file);
      return size;
    },
    read: async (file) => {
      if ((await platform.fileSize(at(file))) === undefined) throw absent(file);
      return platform.readFile(at(file));
    },
    readRange: (file, start, end) => platform.readRange(at(file), start, end),
    list: async () => (await platform.listFolder(folder)) ?? [],
  };
}

function blobFiles(blobs: ReadonlyMap<string, Blob>): Files {
  const blob = (file: string): Blob => {
    const found = blobs.get(file);
    if (found === undefined) throw new DataError(`${file}: no such file among those given`);
    return found;
  };
  const bytes = async (part: Blob) => new Uint8Array(await part.arrayBuffer());
  return {
    name: "",
    has: async (file) => blobs.has(file),
    size: async (file) => blob(file).size,
    read: async (file) => bytes(blob(file)),
    readRange: async (file, start, end) => bytes(blob(file).slice(start, end)),
    list: async () => [...blobs.keys()].sort(),
  };
}

/**
 * Saves a folder, whole or not at all: `Platform.writeFolder` with errors of this library. Pieces of a file are asked for one
 * after another, so no second copy of a model is made.
 */
export async function saveFolder(path: string, files: ReadonlyMap<string, Content | null>): Promise<void> {
  try {
    await platform.writeFolder(path, files);
  } catch (error) {
    throw new CheckpointError(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}

/** Finds out before long work whether {@link saveFolder} could begin: fails as it would, and leaves nothing behind. */
export async function checkFolder(path: string): Promise<void> {
  try {
    await platform.tryFolder(path);
  } catch (error) {
    throw new CheckpointError(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}

/** Saves one file, whole or not at all. */
export async function saveFile(path: string, content: Content): Promise<void> {
  try {
    await platform.writeFile(path, content);
  } catch (error) {
    throw new DataError(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such place",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the disk is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "a part of the path is a file, not a folder",
  EFBIG: "the file is too large for this disk or its limit",
};

/** What went wrong with a file, in one line: a system's error in words and by its code. */
export function reason(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const words = typeof code === "string" ? REASONS[code] : undefined;
  return words === undefined ? String(message ?? error).replace(/\s+/g, " ") : `${words} (${String(code)})`;
}
