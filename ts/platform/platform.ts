import type { ErrorReason } from "../errors.js";
import type { Stale } from "./journal.js";
import type { PackageFile } from "./packageFiles.js";

/** The contents of a file: bytes, text (written as UTF-8) or pieces that are produced while they are written. */
export type Content = Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A downloaded file. */
export interface KeptFile {
  /** Bytes. */
  readonly size: number;
  /** The bytes `[start, end)`, or fewer if the file ends earlier. */
  readRange(start: number, end: number): Promise<Uint8Array>;
}

/** A persistent cache of files: downloads, encoded texts. Keys are relative paths. */
export interface Downloads {
  /** Its name in messages. */
  readonly name: string;
  /** Keys of the files whose keys begin with `folder/`, sorted. */
  list(folder: string): Promise<string[]>;
  find(key: string): Promise<KeptFile | undefined>;
  /** Stores a file atomically, replacing one with the same key. Errors of `content` are passed on. */
  keep(key: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Removes a file, if it is there. */
  remove(key: string): Promise<void>;
  /** A new key for a file of this process alone, which a later process removes if this one is killed. */
  temporary(): string;
}

/** An incremental hash. */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** The hash of all pieces, in hexadecimal. */
  hex(): Promise<string>;
}

/** A worker of any runtime. */
export interface StartedWorker {
  /** The runtime's object: `worker_threads`' Worker in Node. */
  readonly worker: unknown;
  postMessage(message: unknown, transfer: readonly Transferable[]): void;
  /** Sets whether it keeps the process alive. Default: it does not. */
  hold(held: boolean): void;
  /** Ends it without calling `onEnd`. */
  terminate(): Promise<void>;
}

/** Called when a thread does not run: one of the two, once, with a reason. */
export interface ThreadFate {
  /** It never ran: its script is missing. */
  absent(reason: string): void;
  /** It ran and has ended. */
  ended(reason: string): void;
}

/** Called when a worker ended, with the reason in words and, if known, as an {@link ErrorReason}. */
export type WorkerEnd = (why: string, reason?: ErrorReason) => void;

/** The URL of the worker's script, if it is not the package's own; in browsers also a function that starts the worker. */
export type WorkerSource = URL | string | (() => Worker);

/** Settings of {@link Platform.writeFolder}. */
export interface WriteFolderOptions {
  /** Further files directly in the folder that are removed: those of an older model. */
  readonly stale?: Stale | undefined;
  /** Called after earlier saves of the folder by this thread have ended; nothing is written if it throws. */
  readonly check?: (() => Promise<void>) | undefined;
}

/** All differences between Node and browsers. A function throws if the runtime does not support it. */
export interface Platform {
  /** True in Node and compatible runtimes. */
  readonly isNode: boolean;
  /** A URL as a string; in Node, a file URL as its path. */
  addressOf(url: URL): string;
  /** A whole file. */
  readFile(path: string): Promise<Uint8Array>;
  /** The bytes `[start, end)` of a file, or fewer if the file ends earlier. */
  readRange(path: string, start: number, end: number): Promise<Uint8Array>;
  /** A file's bytes, piece by piece. */
  stream(path: string): AsyncIterable<Uint8Array>;
  /** A file's size in bytes; undefined if it does not exist or is a folder. */
  fileSize(path: string): Promise<number | undefined>;
  /** Whether a file or a folder exists. */
  exists(path: string): Promise<boolean>;
  /** Names of a folder's entries, sorted; undefined if the folder does not exist. */
  listFolder(path: string): Promise<string[] | undefined>;
  /** A string that changes when a file is replaced or written to, but not when it is renamed; undefined if there is no file. */
  fileStamp(path: string): Promise<string | undefined>;
  /**
   * Writes `files` (names may contain `/`) to a folder atomically; creates the folder if needed. Files with null and `stale`
   * ones are removed; other files are not touched. Readers that know the journal
   * (`readPlace`) find the old files or the new ones at any moment; others do too, or find no `config.json`. Waits for another
   * save of the folder, in any process. After a failure, the folder is unchanged.
   */
  writeFolder(path: string, files: ReadonlyMap<string, Content | null>, options?: WriteFolderOptions): Promise<void>;
  /**
   * Marks a folder, which is made if it is missing, as in use by this process until the function that this gives is called, or until
   * the process dies. Throws if it is in use already.
   */
  claimFolder(path: string): Promise<() => Promise<void>>;
  /** Renames a folder durably, to a name that nothing has. */
  renameFolder(from: string, to: string): Promise<void>;
  /** Removes a folder with all that is in it, if it exists. */
  removeFolder(path: string): Promise<void>;
  /** Throws if `writeFolder` cannot write files of these names; leaves nothing behind. */
  tryFolder(path: string, names: readonly string[]): Promise<void>;
  /** New private folders for files that a folder refused: beside it, then in the system's temporary folder. All but the last one are removed. */
  spareFolders(path: string): AsyncIterable<string>;
  /** Writes one file atomically, with the mode of the one it replaces; writes directly to a pipe or a device. */
  writeFile(path: string, content: Content): Promise<void>;
  /** Adds bytes to the end of a file; makes it and its folders if they are missing. */
  appendFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Throws if `writeFile` cannot write the file. */
  tryFile(path: string): Promise<void>;
  /** The cache of files: a folder of the user, or `folder`, in Node; the Cache API in browsers, which have no folders. */
  downloads(folder?: string): Downloads;
  /** Decompresses Zstandard; undefined if the runtime does not support it. */
  unzstd(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> | undefined;
  /** Decompresses whole pages of a Parquet file, by the names of its codecs. */
  readonly pageCodecs: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>>;
  /** Starts a hash; undefined if the runtime does not support it. */
  hash(algorithm: "sha1" | "sha256"): Hash | undefined;
  /** The bytes of a file of the package: read in Node, fetched elsewhere. */
  readPackageFile(file: PackageFile): Promise<Uint8Array<ArrayBuffer>>;
  /** The same, synchronously; throws if the runtime cannot. */
  readPackageFileSync(file: PackageFile): Uint8Array<ArrayBuffer>;
  /** The folder of another package that is installed beside this one or in the current folder; undefined if it is not, and in browsers. */
  packageFolder(name: string): string | undefined;
  /** Peak resident memory of this process in bytes, if available. */
  peakMemory(): number | undefined;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Number of physical cores, as far as known: hyper-threads do not count. */
  cores(): number;
  /** Why threads cannot share memory here; undefined if they can. */
  whyNoThreads(): string | undefined;
  /** Starts a thread of the engine with `data`. It does not keep the process alive. */
  startThread(data: unknown, fate: ThreadFate): void;
  /** Starts the worker of a session. `onEnd` is called with the reason if it ends. */
  startWorker(source: WorkerSource | undefined, onEnd: WorkerEnd): StartedWorker;
  /** In the worker of a session: the first message. */
  firstMessage(): Promise<unknown>;
  /**
   * Holds the lock `name` until the worker ends: browsers do not report when a worker is killed.
   * Resolves when the lock is held.
   */
  holdLock(name: string): Promise<void>;
  /** Resolves when the lock `name` is released; never if there are no locks (pages not served over https). */
  lockReleased(name: string, signal: AbortSignal): Promise<void>;
  /** Yields to messages of other threads. */
  turn(): Promise<void>;
  /** An environment variable; undefined in browsers. */
  environment(name: string): string | undefined;
}
