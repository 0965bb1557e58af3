import type { Format } from "../../data/format.js";
import type { FileOptions } from "../../data/rows.js";
import type { DataSource } from "../../data/source.js";

/** Running text, and how it is read. */
export interface CorpusOptions extends Omit<FileOptions, "format"> {
  /**
   * Files, folders (with those in them), patterns such as `texts/*.txt`, or bytes with a name. Text files are taken as they stand, line
   * ends included (as LF); of other formats one column's texts.
   */
  readonly data: DataSource | readonly DataSource[];
  /** The column, for formats that have some. Default: `text`. */
  readonly text?: string | undefined;
  /** Format of the files. Default: by file extension, else "txt". */
  readonly format?: Format | undefined;
}
