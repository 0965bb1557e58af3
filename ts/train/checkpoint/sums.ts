import { CheckpointError } from "../../errors.js";
import { type Files, fileName } from "../../io/files.js";
import { hashOfFile } from "../../io/hashes.js";

/** What a file is known by. */
export interface Sum {
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** Sums by the names of files. */
export type Sums = Readonly<Record<string, Sum>>;

/** The sum of a file. Errors: DataError if it is missing. */
export const sumOf = async (files: Files, name: string): Promise<Sum> => ({
  size: await files.size(name),
  sha256: await hashOfFile(files, name),
});

/** Refuses files that are not as they were written. Errors: CheckpointError, DataError. */
export async function requireSums(files: Files, sums: Sums): Promise<void> {
  for (const [name, { size, sha256 }] of Object.entries(sums)) {
    const found = await files.size(name);
    if (found !== size) throw new CheckpointError(`${fileName(files, name)} is ${found} bytes long; expected ${size}`);
    if ((await hashOfFile(files, name)) !== sha256) throw new CheckpointError(`${fileName(files, name)} is damaged`);
  }
}
