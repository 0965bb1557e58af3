import { CheckpointError } from "../../errors.js";
import { type Files, fileName } from "../../io/files.js";
import { platform } from "../../platform/index.js";

/** What a file is known by. */
export interface Sum {
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** Sums by the names of files. */
export type Sums = Readonly<Record<string, Sum>>;

/** Bytes read at once. */
const PIECE = 1 << 24;

/** The sum of a file. Errors: DataError if it is missing. */
export async function sumOf(files: Files, name: string): Promise<Sum> {
  const size = await files.size(name);
  const hash = platform.hash("sha256")!; // every platform has this one
  for (let at = 0; at < size; at += PIECE) hash.update(await files.readRange(name, at, Math.min(size, at + PIECE)));
  return { size, sha256: await hash.hex() };
}

/** Refuses files that are not as they were written. Errors: CheckpointError, DataError. */
export async function requireSums(files: Files, sums: Sums): Promise<void> {
  for (const [name, { size, sha256 }] of Object.entries(sums)) {
    const found = await files.size(name);
    if (found !== size) throw new CheckpointError(`${fileName(files, name)} is ${found} bytes long; expected ${size}`);
    if ((await sumOf(files, name)).sha256 !== sha256) throw new CheckpointError(`${fileName(files, name)} is damaged`);
  }
}
