import { CheckpointError, DataError } from "../errors.js";
import { type Content, platform, type WriteFolderOptions } from "../platform/index.js";
import type { FileSource, Files, SourceOptions } from "./interface.js";
import { reading, reason } from "./reasons.js";
import { folderFiles } from "./sources/folder.js";
import { givenFiles } from "./sources/given.js";
import { handleFiles } from "./sources/handle.js";
import { hubFiles } from "./sources/hub.js";
import { urlFiles } from "./sources/url.js";

export type { FileSource, Files, LoadProgress, SourceOptions } from "./interface.js";
export { reason };

/** Whether a text is the path of a local folder, not a URL. */
export const isFolderPath = (source: string): boolean => !/^(hf:|https?:\/\/)/i.test(source);

/** Whether a source is the path of a local file, not of a folder. */
export const isFile = async (source: string): Promise<boolean> =>
  platform.isNode && isFolderPath(source) && (await reading(source, () => platform.fileSize(source))) !== undefined;

/** The files of a source. Nothing is read or fetched until a file is requested. */
export function openFiles(source: FileSource, options: SourceOptions = {}): Files {
  if (source instanceof URL) return openFiles(platform.addressOf(source), options);
  if (typeof source === "string") {
    if (isFolderPath(source)) return folderFiles(source);
    return /^hf:/i.test(source) ? hubFiles(source, options) : urlFiles(source, options);
  }
  if (source instanceof Map) return givenFiles(source, options);
  if (typeof (source as FileSystemDirectoryHandle | undefined)?.getFileHandle === "function")
    return handleFiles(source as FileSystemDirectoryHandle);
  if (typeof (source as Files | undefined)?.readRange === "function") return source as Files;
  throw new DataError(`${String(source)} is not a folder path, a URL or a Map of files`);
}

/**
 * A suggestion for a message, if the path of a missing folder could be the name of a model on the hub:
 * "; did you mean hf:owner/name?". Else "".
 */
export async function hubHint({ name }: Files): Promise<string> {
  if (!/^[\w-][\w.-]*\/[\w-][\w.-]*(@[\w./-]+)?$/.test(name) || (await platform.exists(name))) return "";
  return `; did you mean hf:${name}?`;
}

/** The name of a file in messages: `folder/file`. */
export const fileName = (files: Files, file: string): string => (files.name === "" ? file : `${files.name}/${file}`);

/** Whether a name is that of a file inside a folder: relative, without `..`, drive, URL or escapes. */
export function isInside(file: string): boolean {
  const parts = file.split("/");
  return !/[\\\0:%]/.test(file) && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

/**
 * Saves a folder atomically: `Platform.writeFolder` with errors of this library. The pieces of a file are requested one
 * after another, so that memory never holds a second copy of a model.
 */
export async function saveFolder(
  path: string,
  files: ReadonlyMap<string, Content | null>,
  options?: WriteFolderOptions,
): Promise<void> {
  await asUnwritable(CheckpointError, path, () => platform.writeFolder(path, files, options));
}

/** Checks before long work that {@link saveFolder} can write files of these names. Leaves nothing behind. */
export async function checkFolder(path: string, names: readonly string[] = []): Promise<void> {
  await asUnwritable(CheckpointError, path, () => platform.tryFolder(path, names));
}

/** Saves one file atomically. */
export async function saveFile(path: string, content: Content): Promise<void> {
  await asUnwritable(DataError, path, () => platform.writeFile(path, content));
}

/** Checks before long work that {@link saveFile} can write a file. Leaves nothing behind. */
export async function checkFile(path: string): Promise<void> {
  await asUnwritable(DataError, path, () => platform.tryFile(path));
}

async function asUnwritable(
  kind: typeof CheckpointError | typeof DataError,
  path: string,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof CheckpointError) throw error; // already names the file
    throw new kind(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}
