import { CheckpointError, DataError } from "../errors.js";
import { type Content, platform, type WriteFolderOptions } from "../platform/index.js";
import type { FileSource, Files, SourceOptions } from "./interface.js";
import { reading, reason } from "./reasons.js";
import { blobFiles } from "./sources/blobs.js";
import { folderFiles } from "./sources/folder.js";
import { handleFiles } from "./sources/handle.js";
import { hubFiles } from "./sources/hub.js";
import { urlFiles } from "./sources/url.js";

export type { FileSource, Files, LoadProgress, SourceOptions } from "./interface.js";
export { reason };

/** Whether a text is a folder's path on this machine, and not a URL. */
export const isFolderPath = (source: string): boolean => !/^(hf:|https?:\/\/)/i.test(source);

/** Whether a source is the path of a file on this machine, not a folder's. */
export const isFile = async (source: string): Promise<boolean> =>
  platform.isNode && isFolderPath(source) && (await reading(source, () => platform.fileSize(source))) !== undefined;

/** The files of a source. Neither the folder nor its files are touched, and nothing is fetched, before they are asked for. */
export function openFiles(source: FileSource, options: SourceOptions = {}): Files {
  if (source instanceof URL) return openFiles(platform.addressOf(source), options);
  if (typeof source === "string") {
    if (isFolderPath(source)) return folderFiles(source);
    return /^hf:/i.test(source) ? hubFiles(source, options) : urlFiles(source, options);
  }
  if (source instanceof Map) return blobFiles(source);
  if (typeof (source as FileSystemDirectoryHandle | undefined)?.getFileHandle === "function")
    return handleFiles(source as FileSystemDirectoryHandle);
  if (typeof (source as Files | undefined)?.readRange === "function") return source as Files;
  throw new DataError(`${String(source)} is no folder's path, no URL and no Map of files`);
}

/**
 * What was probably meant by the path of a folder that is not there and could be a model of the hub, to end a message with:
 * "; did you mean hf:owner/name?". Else "".
 */
export async function hubHint({ name }: Files): Promise<string> {
  if (!/^[\w-][\w.-]*\/[\w-][\w.-]*(@[\w./-]+)?$/.test(name) || (await platform.exists(name))) return "";
  return `; did you mean hf:${name}?`;
}

/** How a file is called in messages: `folder/file`. */
export const fileName = (files: Files, file: string): string => (files.name === "" ? file : `${files.name}/${file}`);

/** True for the name of a file inside a folder: relative, no `..`, no drive, no URL, nothing to be decoded. */
export function isInside(file: string): boolean {
  const parts = file.split("/");
  return !/[\\\0:%]/.test(file) && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

/**
 * Saves a folder, whole or not at all: `Platform.writeFolder` with errors of this library. Pieces of a file are asked for one
 * after another, so no second copy of a model is made.
 */
export async function saveFolder(
  path: string,
  files: ReadonlyMap<string, Content | null>,
  options?: WriteFolderOptions,
): Promise<void> {
  await asUnwritable(CheckpointError, path, () => platform.writeFolder(path, files, options));
}

/** Finds out before long work whether {@link saveFolder} could write files of these names, and leaves nothing behind. */
export async function checkFolder(path: string, names: readonly string[] = []): Promise<void> {
  await asUnwritable(CheckpointError, path, () => platform.tryFolder(path, names));
}

/** Saves one file, whole or not at all. */
export async function saveFile(path: string, content: Content): Promise<void> {
  await asUnwritable(DataError, path, () => platform.writeFile(path, content));
}

/** Finds out before long work whether {@link saveFile} could write a file, and leaves nothing behind. */
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
    if (error instanceof CheckpointError) throw error; // it says all
    throw new kind(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}
