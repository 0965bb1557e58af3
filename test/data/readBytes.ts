import { type ReadOptions, type Row, readRows } from "../../ts/data/rows.js";

/** A stream that gives `bytes` in pieces of `size`. */
export async function* pieces(bytes: Uint8Array, size = bytes.length || 1) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Rows of a file that is made of `content`, which comes in pieces of `size` bytes. */
export async function read(
  name: string,
  content: string | Uint8Array,
  options?: ReadOptions,
  size?: number,
): Promise<Row[]> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const rows: Row[] = [];
  for await (const row of readRows({ name, bytes: pieces(bytes, size) }, options)) rows.push(row);
  return rows;
}

/** Values of rows as plain objects. */
export const values = (rows: readonly Row[]) => rows.map((row) => ({ ...row.values }));

/** Lines of rows. */
export const lines = (rows: readonly Row[]) => rows.map(({ line }) => line);
