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
  /** Keeps a file, whole or not at all; it replaces one of the same key. */
  keep(key: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
}

/** All that Node and browsers do differently. Where a runtime lacks something, its function says so by an error. */
export interface Platform {
  /** True in Node and what behaves like it. */
  readonly isNode: boolean;
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
  /**
   * Makes a folder of `files` (names may contain `/`), whole or not at all: written beside, flushed, then renamed. What an
   * existing folder holds under other names stays; a name with null does not. On any failure the existing folder is as it was
   * and nothing is left.
   */
  writeFolder(path: string, files: ReadonlyMap<string, Content | null>): Promise<void>;
  /** Fails where `writeFolder` would fail at once; what it made to find out is gone afterwards. */
  tryFolder(path: string): Promise<void>;
  /** Writes one file, whole or not at all. */
  writeFile(path: string, content: Content): Promise<void>;
  /** Downloaded files: a folder of the user's in Node, the Cache API in browsers. */
  downloads(): Downloads;
  /** The bytes behind a URL of the package's own: a file in Node, fetched elsewhere. */
  readUrl(url: URL): Promise<Uint8Array<ArrayBuffer>>;
  /** The same at once; undefined where a runtime cannot. */
  readonly readUrlSync: ((url: URL) => Uint8Array<ArrayBuffer>) | undefined;
  /** Peak resident memory of this process in bytes; undefined where it is not to be had. */
  peakMemory(): number | undefined;
  /** Milliseconds by a clock that never goes back. */
  now(): number;
  /** Cores that compute at full speed at the same time, as far as it can be told: a hyper-thread is none. */
  cores(): number;
  /** Why threads cannot share memory here; undefined where they can. */
  whyNoThreads(): string | undefined;
  /**
   * Starts a thread that runs the module at `url` with `data`, and keeps no process alive. `onEnd` is told why it ended, if it
   * does.
   */
  startThread(url: URL, data: unknown, onEnd: (reason: string) => void): void;
  /** An environment variable; undefined where there are none. */
  environment(name: string): string | undefined;
}
