const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such place",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the disk is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "a part of the path is a file, not a folder",
  EFBIG: "the file is too large for this disk or its limit",
};

/** What went wrong with a file, in one line: a system's error in words and by its code. */
export function reason(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const words = typeof code === "string" ? REASONS[code] : undefined;
  return words === undefined ? String(message ?? error).replace(/\s+/g, " ") : `${words} (${String(code)})`;
}
