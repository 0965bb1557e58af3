import type { Files } from "./interface.js";

/** Bytes that tell what a file is. */
const BEGINNING = 64;

/**
 * What lies in the place of a file, in words that go on after the file's name, by its first bytes: the pointer that a clone
 * without Git LFS leaves, or the page of a server. Undefined for anything else.
 */
export function placeholderOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes.subarray(0, BEGINNING));
  if (text.startsWith("version https://git-lfs.github.com/"))
    return 'is a Git LFS pointer, not the file itself: run "git lfs pull", or download the file';
  if (/^\s*<(!doctype\s+html|html|head|\?xml|!--)/i.test(text))
    return "is a web page (HTML or XML), not the file itself: download the file again";
  return undefined;
}

/** {@link placeholderOf} a file, of which the beginning is read. */
export async function placeholderIn(files: Files, file: string): Promise<string | undefined> {
  return placeholderOf(await files.readRange(file, 0, BEGINNING));
}
