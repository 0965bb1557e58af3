import { CheckpointError, DataError } from "../errors.js";
import { type Content, platform, type WriteFolderOptions } from "../platform/index.js";
import { reading, reason } from "./reasons.js";
import { blobFiles } from "./sources/blobs.js";
import { folderFiles } from "./sources/folder.js";
import { handleFiles } from "./sources/handle.js";
import { hubFiles } from "./sources/hub.js";
import { urlFiles } from "./sources/url.js";

export { reason };

/** A folder's files, wherever they are. Names are relative and use `/`. */
export interface Files {
  /** What to call the folder in messages. */
  readonly name: string;
  /** Whether there is such a file. */
  has(file: string): Promise<boolean>;
  /** Size in bytes. Absent: DataError. */
  size(file: string): Promise<number>;
  /** The whole file. Absent: DataError. */
  read(file: string): Promise<Uint8Array>;
  /** The bytes `[start, end)`; fewer where the file ends before. */
  readRange(file: string, start: number, end: number): Promise<Uint8Array>;
  /** Names of the files, sorted; undefined where nobody tells (servers). */
  list(): Promise<string[] | undefined>;
}

/**
 * What can be opened: a folder's path, the URL of one (`https://…`), a model of the Hugging Face hub (`hf:owner/name`, or
 * `hf:owner/name@revision`), the files themselves, or a folder that the user of a page has chosen.
 */
export type FileSource = string | URL | ReadonlyMap<string, Blob> | FileSystemDirectoryHandle | Files;

/** Bytes that a load has come to. */
export interface LoadProgress {
  /** "download" while a file comes from a server, "read" while the weights become the model's. */
  readonly stage: "download" | "read";
  /** The file, or where there are several shards the folder's weights. */
  readonly file: string;
  /** Bytes so far; of "read" those of the weights as f32. */
  readonly loaded: number;
  /** Bytes in all; undefined where the server does not say. */
  readonly total: number | undefined;
}

/** What may happen while files come from elsewhere. */
export interface SourceOptions {
  /** Ends requests and downloads with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds for which a server may stay silent: before its answer begins, and between two pieces of it. After that the
   * load fails with a DataError (`reason: "timeout"`). Default: ROFORMER_TIMEOUT, in seconds; else 10,000 before an answer and
   * 30,000 between its pieces.
   */
  readonly timeout?: number | undefined;
  /** Told while files are downloaded, and while weights are read: bytes, of weights as f32. */
  readonly onProgress?: ((event: LoadProgress) => void) | undefined;
}

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
