import { DataError, type ErrorReason, RoFormerError } from "../errors.js";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such place",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the disk is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "a part of the path is a file, not a folder",
  EXDEV: "a part of it is on another disk",
  EFBIG: "the file is too large for this disk or its limit",
  EISDIR: "it is a folder, not a file",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "the path is too long",
  EIO: "the disk failed",
  EBUSY: "something else uses it",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENOMEM: "the system has no memory left",
  ERR_FS_FILE_TOO_LARGE: "the file is larger than 2 GiB",
  ERR_INVALID_ARG_VALUE: "the path is not one that a file can have",
};

/** Describes a file error in one line: a system error in words with its code. */
export function reason(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const words = typeof code === "string" ? REASONS[code] : undefined;
  return words === undefined ? String(message ?? error).replace(/\s+/g, " ") : `${words} (${String(code)})`;
}

/** The {@link ErrorReason} of a file error, if there is one. */
export function errorReason(error: unknown): ErrorReason | undefined {
  const { code, reason } = error as { code?: unknown; reason?: ErrorReason };
  if (error instanceof RoFormerError) return reason;
  if (code === "ENOENT" || code === "ENOTDIR") return "not-found";
  return code === "ENOMEM" ? "out-of-memory" : undefined;
}

/** Runs `read`; turns its failures into a DataError that says why `what` cannot be read. Errors of this library pass through. */
export async function reading<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    throw new DataError(`${what} cannot be read: ${reason(error)}`, { cause: error, reason: errorReason(error) });
  }
}
