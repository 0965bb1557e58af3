/** A folder's files, wherever they are. Names are relative and use `/`. */
export interface Files {
  /** The folder's name in messages. */
  readonly name: string;
  /** Whether the file exists. */
  has(file: string): Promise<boolean>;
  /** Size in bytes. Errors: DataError if the file is missing. */
  size(file: string): Promise<number>;
  /** The whole file. Errors: DataError if it is missing. */
  read(file: string): Promise<Uint8Array>;
  /** The bytes `[start, end)`, or fewer if the file ends earlier. */
  readRange(file: string, start: number, end: number): Promise<Uint8Array>;
  /** Names of the files, sorted; undefined if the source cannot list them (servers). */
  list(): Promise<string[] | undefined>;
}

/**
 * What can be opened: a folder's path, the URL of one (`https://…`), a model of the Hugging Face hub (`hf:owner/name`, or
 * `hf:owner/name@revision`), the files themselves or their URLs, by name, or a folder that the user of a page has chosen.
 */
export type FileSource = string | URL | ReadonlyMap<string, Blob | string> | FileSystemDirectoryHandle | Files;

/** Progress of a load, in bytes. */
export interface LoadProgress {
  /** "download" while a file comes from a server, "read" while the weights become the model's. */
  readonly stage: "download" | "read";
  /** The file, or the folder's weights if there are several shards. */
  readonly file: string;
  /** Bytes so far; for "read", bytes of the weights as f32. */
  readonly loaded: number;
  /** Total bytes; undefined if the server does not report it. */
  readonly total: number | undefined;
}

/** Options for loading files from elsewhere. */
export interface SourceOptions {
  /** Aborts requests and downloads with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Timeout in milliseconds: until a response begins, and between two pieces of it. When it expires, the
   * load fails with a DataError (`reason: "timeout"`). Default: ROFORMER_TIMEOUT, in seconds; else 10,000 before an answer and
   * 30,000 between its pieces.
   */
  readonly timeout?: number | undefined;
  /** Called while files are downloaded and while weights are read. */
  readonly onProgress?: ((event: LoadProgress) => void) | undefined;
}
