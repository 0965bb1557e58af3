import { DataError, RoFormerError } from "../errors.js";
import { platform } from "../platform/index.js";
import { noColumn } from "./table.js";
import type { Row } from "./values.js";

/** A file of which any part can be read. */
export interface RandomAccess {
  /** Its name in messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

/**
 * Rows of a Parquet file with one column, a row group at a time; `line` is the number of the row, from 1. Pages may be
 * uncompressed or Snappy; in Node gzip and Brotli too, and Zstandard from 22.15 on. Errors: DataError that names the file.
 */
export async function* readParquet(file: RandomAccess, column: string): AsyncGenerator<Row> {
  const { name } = file;
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet/src/index.js");
  const buffer = {
    byteLength: file.size,
    async slice(start: number, end = file.size) {
      const bytes = await file.read(start < 0 ? file.size + start : start, end);
      return bytes.slice().buffer as ArrayBuffer;
    },
  };
  try {
    const metadata = await parquetMetadataAsync(buffer);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (!columns.includes(column)) throw noColumn(name, column, columns);
    let rowStart = 0;
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows);
      const options = { file: buffer, metadata, columns: [column], rowStart, rowEnd, compressors };
      const rows = await parquetReadObjects(options);
      for (const [i, values] of rows.entries()) yield { values, file: name, line: rowStart + i + 1 };
      rowStart = rowEnd;
    }
    if (rowStart === 0) throw new DataError(`${name} has no rows`);
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    throw new DataError(`${name}: not a Parquet file that can be read: ${(error as Error).message}`, { cause: error });
  }
}

const compressors = platform.pageCodecs;
