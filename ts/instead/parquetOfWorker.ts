import { DataError } from "../errors.js";

/** Scripts of workers, and of the inlined build, have no reader of Parquet files, which a page would load for nothing. Errors: DataError. */
// biome-ignore lint/correctness/useYield: it only throws
export async function* readParquet({ name }: { readonly name: string }): AsyncGenerator<never> {
  throw new DataError(`${name}: Parquet files are read by roformer/train, in Node; a session takes other formats`);
}
