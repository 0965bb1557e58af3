import type { ErrorReason } from "../errors.js";
import type { Stale } from "./journal.js";
import type { PackageFile } from "./packageFiles.js";

/** What one file of a folder is to hold: bytes, text (written as UTF-8) or pieces that are made while they are written. */
export type Content = Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A file that was downloaded before. */
export interface KeptFile {
  /** Bytes. */
  readonly size: number;
  /** The bytes `[start, end)`; fewer where the file ends before. */
  readRange(start: number, end: number): Promise<Uint8Array>;
}

/** Where downloaded files stay from one program to the next. Keys are relative paths. */
export interface Downloads {
  /** The place in messages. */
  readonly name: string;
  find(key: string): Promise<KeptFile | undefined>;
  /** Keeps a file, whole or not at all; it replaces one of the same key. What `content` throws is thrown. */
  keep(key: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
}

/** A hash that is fed piece by piece. */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** The hash of all pieces, in hexadecimal. */
  hex(): Promise<string>;
}

/** A worker of any runtime, as its owner sees it. */
export interface StartedWorker {
  /** The runtime's own object: `worker_threads`' Worker in Node. */
  readonly worker: unknown;
  postMessage(message: unknown, transfer: readonly Transferable[]): void;
  /** Whether it keeps the process alive; at first it does not. */
  hold(held: boolean): void;
  /** Ends it; `onEnd` hears nothing of that. */
  terminate(): Promise<void>;
}

/** What may become of a thread; one of them is told, once, with a reason. */
export interface ThreadFate {
  /** It never ran: its script is not there. */
  absent(reason: string): void;
  /** It ran, and is no more. */
  ended(reason: string): void;
}

/** Hears why a worker ended: in words, and for programs where there is more to say than that it did. */
export type WorkerEnd = (why: string, reason?: ErrorReason) => void;

/** Where a worker's script is, if not where the package has it; in browsers also a function that starts it. */
export type WorkerSource = URL | string | (() => Worker);

/** Settings of {@link Platform.writeFolder}. */
export interface WriteFolderOptions {
  /** Further files directly in the folder that are removed: those of an older model. */
  readonly stale?: Stale | undefined;
  /** Called when earlier saves of the folder by this thread are over; nothing is written if it throws. */
  readonly check?: (() => Promise<void>) | undefined;
}

/** All that Node and browsers do differently. Where a runtime lacks something, its function says so by an error. */
export interface Platform {
  /** True in Node and what behaves like it. */
  readonly isNode: boolean;
  /** A URL as a text: a file's is its path in Node. */
  addressOf(url: URL): string;
  /** A whole file. */
  readFile(path: string): Promise<Uint8Array>;
  /** The bytes `[start, end)` of a file; fewer where the file ends before. */
  readRange(path: string, start: number, end: number): Promise<Uint8Array>;
  /** A file's bytes, piece by piece. */
  stream(path: string): AsyncIterable<Uint8Array>;
  /** A file's size in bytes; undefined where there is no such file, or a folder. */
  fileSize(path: string): Promise<number | undefined>;
  /** True for a file or a folder. */
  exists(path: string): Promise<boolean>;
  /** Names of what a folder holds, sorted; undefined where there is no such folder. */
  listFolder(path: string): Promise<string[] | undefined>;
  /** A text that changes when a file is replaced or written to, and stays when it is renamed; undefined: no such file. */
  fileStamp(path: string): Promise<string | undefined>;
  /**
   * Puts `files` (names may contain `/`) into a folder, which is made if need be: all or none of them. Files with null and `stale`
   * ones are removed; everything else stays where it is. Readers that know the journal
   * (`readPlace`) find the older files or the new ones at any moment; others do, or find no `config.json`. Waits for another
   * save of the folder, in any process. After a failure the folder is as it was.
   */
  writeFolder(path: string, files: ReadonlyMap<string, Content | null>, options?: WriteFolderOptions): Promise<void>;
  /** Fails if `writeFolder` would fail to write files of these names; what it made to find out is removed. */
  tryFolder(path: string, names: readonly string[]): Promise<void>;
  /** Fresh, private folders for what a folder would not take: beside it, then in the system's temporary folder. One that is not the last is removed. */
  spareFolders(path: string): AsyncIterable<string>;
  /** Writes one file, whole or not at all, with the mode of the one that it replaces; a pipe or a device is written to. */
  writeFile(path: string, content: Content): Promise<void>;
  /** Fails if `writeFile` would. */
  tryFile(path: string): Promise<void>;
  /** Downloaded files: a folder of the user's in Node, the Cache API in browsers. */
  downloads(): Downloads;
  /** A hash to begin with; undefined where a runtime does not have it. */
  hash(algorithm: "sha1" | "sha256"): Hash | undefined;
  /** The bytes of a file of the package's own: read in Node, fetched elsewhere. */
  readPackageFile(file: PackageFile): Promise<Uint8Array<ArrayBuffer>>;
  /** The same at once; an error where a runtime cannot. */
  readPackageFileSync(file: PackageFile): Uint8Array<ArrayBuffer>;
  /** Peak resident memory of this process in bytes; undefined where it is not to be had. */
  peakMemory(): number | undefined;
  /** Milliseconds by a clock that never goes back. */
  now(): number;
  /** Cores that compute at full speed at the same time, as far as it can be told: a hyper-thread is none. */
  cores(): number;
  /** Why threads cannot share memory here; undefined where they can. */
  whyNoThreads(): string | undefined;
  /** Starts a thread of the engine with `data`, which keeps no process alive. */
  startThread(data: unknown, fate: ThreadFate): void;
  /** Starts the worker of a session. `onEnd` is told why it ended, if it does. */
  startWorker(source: WorkerSource | undefined, onEnd: WorkerEnd): StartedWorker;
  /** In the worker of a session: what it is sent first. */
  firstMessage(): Promise<unknown>;
  /**
   * A sign of life for those who hear nothing when a worker is killed: in browsers the worker holds the lock `name` to its end.
   * Resolves when it holds it.
   */
  holdLock(name: string): Promise<void>;
  /** Resolves when nobody holds the lock `name` any more; never where there are no locks (pages that are not served over https). */
  lockReleased(name: string, signal: AbortSignal): Promise<void>;
  /** Lets what has come in from other threads have its turn. */
  turn(): Promise<void>;
  /** An environment variable; undefined where there are none. */
  environment(name: string): string | undefined;
}
