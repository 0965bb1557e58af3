import type * as Sync from "node:fs";
import type * as Files from "node:fs/promises";
import type * as Path from "node:path";
import type * as Url from "node:url";
import { ACTIVE, isInFolder } from "./journal.js";
import { type Access, giveAccess, startMode } from "./nodeAccess.js";
import type { Content } from "./platform.js";

/** Modules of Node for files. */
export interface NodeModules {
  readonly fs: typeof Files;
  readonly sync: typeof Sync;
  readonly path: typeof Path;
  readonly url: typeof Url;
}

/** Writes a new file and flushes it. `access` is set before the file has any contents. */
export async function writeNew(node: NodeModules, file: string, content: Content, access: Access): Promise<void> {
  const handle = await node.fs.open(file, "wx", startMode(access));
  try {
    await giveAccess(handle, access);
    const whole = typeof content === "string" || content instanceof Uint8Array;
    for await (const piece of whole ? [content] : content) {
      const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Maximum number of links to follow, as in Linux. */
const LINKS = 40;

/**
 * Resolves links in `path`, whether or not anything exists there: the target of a dangling link is where
 * files are created. Errors: ELOOP for a cycle.
 */
export function resolveLinks(node: NodeModules, path: string, links = 0): string {
  const { sync } = node;
  try {
    return sync.realpathSync.native(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const parent = node.path.dirname(path);
  if (parent === path) return path;
  const place = node.path.join(resolveLinks(node, parent, links), node.path.basename(path));
  if (!sync.lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink()) return place;
  if (links >= LINKS) throw Object.assign(new Error("ELOOP: too many links"), { code: "ELOOP" });
  const next = node.path.resolve(node.path.dirname(place), sync.readlinkSync(place));
  return resolveLinks(node, next, links + 1);
}

/** Checks that no folder between `target` and a file is a link, which could lead outside the target. */
export function requireNoLinks({ sync, path }: NodeModules, target: string, names: readonly string[]): void {
  for (const name of names) {
    const folders = name.split("/").slice(0, -1);
    for (let i = 1; i <= folders.length; i++) {
      const folder = path.join(target, ...folders.slice(0, i));
      if (sync.lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink())
        throw new Error(`${folder} is a link; files are moved only into real folders`);
    }
  }
}

/** Names that Windows does not allow: `a:b` would be written to a hidden stream. */
const NOT_ON_WINDOWS = /[<>:"|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** The parts of a relative path. Errors if it leaves its folder. */
export function safeParts(name: string): string[] {
  const parts = name.split("/");
  const bad = isWindows() && parts.some((part) => NOT_ON_WINDOWS.test(part));
  if (bad || !isInFolder(name)) throw new Error(`${JSON.stringify(name)} cannot be the name of a file inside a folder`);
  return parts;
}

/**
 * Creates a folder and its missing parents; returns the created ones, the highest first. Does not use `mkdir`'s `recursive`,
 * which never returns if a file system refuses new folders with ENOENT (/proc).
 */
export async function makeFolders({ fs, sync, path }: NodeModules, folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = folder; !sync.existsSync(at) && path.dirname(at) !== at; at = path.dirname(at)) missing.unshift(at);
  const made: string[] = [];
  try {
    for (const one of missing) if (await makeOne(fs, one)) made.push(one);
  } catch (error) {
    await removeEmpty(fs, made);
    throw error;
  }
  return made;
}

/** Creates one folder; returns false if another process did so meanwhile. */
async function makeOne(fs: typeof Files, folder: string): Promise<boolean> {
  try {
    await fs.mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && (await fs.stat(folder)).isDirectory()) return false;
    throw error;
  }
}

/** Removes folders that {@link makeFolders} created, if they are empty. */
export async function removeEmpty(fs: typeof Files, made: readonly string[]): Promise<void> {
  for (const one of [...made].reverse()) await fs.rmdir(one).catch(() => undefined);
}

/** A function, so that the module can be loaded without `process`. */
export const isWindows = (): boolean => typeof process !== "undefined" && process.platform === "win32";

/** Windows' error codes while a virus scanner or an indexer has a file open. */
export const PASSING = ["EPERM", "EACCES", "EBUSY"];

/** Renames; on Windows, retries for ten seconds while the file is in use. `wait` is called between two attempts. */
export function renameStubbornly({ sync }: NodeModules, from: string, to: string, wait: () => void = () => {}): void {
  for (let tries = 0; ; tries++) {
    try {
      sync.renameSync(from, to);
      return;
    } catch (error) {
      const passing = isWindows() && PASSING.includes((error as NodeJS.ErrnoException).code ?? "");
      if (!passing || tries >= 100) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      wait();
    }
  }
}

/** Renames a file atomically, or copies it if the paths are on different disks. */
export function moveFile(node: NodeModules, from: string, to: string, wait?: () => void): void {
  const { sync } = node;
  try {
    renameStubbornly(node, from, to, wait);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    const part = node.path.join(node.path.dirname(to), `${ACTIVE}-part-${node.path.basename(to)}`);
    sync.copyFileSync(from, part);
    const { mode, uid, gid } = sync.statSync(from);
    try {
      sync.chownSync(part, uid, gid);
    } catch {} // not every file system stores owners
    sync.chmodSync(part, mode & 0o777);
    flushSync(node, part);
    renameStubbornly(node, part, to, wait);
    sync.rmSync(from);
  }
}

/** Flushes a file or a folder's entries to the disk. Windows and some file systems cannot flush folders. */
export function flushSync({ sync }: NodeModules, path: string): void {
  try {
    const handle = sync.openSync(path, "r");
    try {
      sync.fsyncSync(handle);
    } finally {
      sync.closeSync(handle);
    }
  } catch {}
}
