import { DataError, RoFormerError } from "../errors.js";
import { platform } from "../platform/index.js";
import type { RandomAccess } from "./randomAccess.js";
import { noColumn } from "./table.js";
import type { Row } from "./values.js";

/**
 * Rows of a Parquet file with these columns (default: all), a row group at a time; `line` is the number of the row, from 1. Of a column
 * "a.b" that does not exist, "a" is read. Integers that JavaScript can represent are numbers. Pages may be uncompressed or Snappy; in
 * Node gzip and Brotli too, and Zstandard from 22.15 on. Errors: DataError that names the file.
 */
export async function* readParquet(file: RandomAccess, wanted?: readonly string[]): AsyncGenerator<Row> {
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
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const columns = wanted && [...new Set(wanted.map((column) => columnOf(name, column, names)))];
    let rowStart = 0;
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows);
      const rows = await parquetReadObjects({ file: buffer, metadata, columns, rowStart, rowEnd, compressors });
      for (const [i, values] of rows.entries())
        yield { values: withNumbers(values), file: name, line: rowStart + i + 1 };
      rowStart = rowEnd;
    }
    if (rowStart === 0) throw new DataError(`${name} has no rows`);
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    throw new DataError(`${name}: not a Parquet file that can be read: ${(error as Error).message}`, { cause: error });
  }
}

/** The column of a file that holds what is asked for. */
function columnOf(file: string, column: string, names: readonly string[]): string {
  const found = names.includes(column) ? column : column.slice(0, Math.max(0, column.indexOf(".")));
  if (names.includes(found)) return found;
  throw noColumn(file, column, names);
}

/** Integers of 64 bits as numbers, as JSON has them; beyond 2^53 they stay as they are. */
function withNumbers(values: Record<string, unknown>): Record<string, unknown> {
  for (const [column, value] of Object.entries(values))
    if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) values[column] = Number(value);
  return values;
}

const compressors = platform.pageCodecs;
