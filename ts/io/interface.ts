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
