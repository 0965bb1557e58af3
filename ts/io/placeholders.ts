import type { Files } from "./interface.js";

/** Number of leading bytes that identify a file. */
const BEGINNING = 64;

/**
 * Describes a placeholder by its first bytes, as the continuation of a message after the file's name: the pointer that a clone
 * without Git LFS leaves, or a server's page. Undefined for anything else.
 */
export function placeholderOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes.subarray(0, BEGINNING));
  if (text.startsWith("version https://git-lfs.github.com/"))
    return 'is a Git LFS pointer, not the file itself: run "git lfs pull", or download the file';
  if (/^\s*<(!doctype\s+html|html|head|\?xml|!--)/i.test(text))
    return "is a web page (HTML or XML), not the file itself: download the file again";
  return undefined;
}

/** Reads the beginning of a file for {@link placeholderOf}. */
export async function placeholderIn(files: Files, file: string): Promise<string | undefined> {
  return placeholderOf(await files.readRange(file, 0, BEGINNING));
}
