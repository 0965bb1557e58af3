import type * as Sync from "node:fs";
import type * as Files from "node:fs/promises";
import type * as Path from "node:path";
import type * as Url from "node:url";
import { ACTIVE, isInFolder } from "./journal.js";
import { type Access, giveAccess, startMode } from "./nodeAccess.js";
import type { Content } from "./platform.js";

/** The parts of Node that files need. */
export interface NodeModules {
  readonly fs: typeof Files;
  readonly sync: typeof Sync;
  readonly path: typeof Path;
  readonly url: typeof Url;
}

/** Writes a new file and flushes it. Who may read it follows from `access`, before it holds anything. */
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

/** How many links may follow one another: Linux's own limit. */
const LINKS = 40;

/**
 * The path that `path` leads to, links followed, whether or not anything is there: a link to a place that does not exist yet stays,
 * and the place is made. Errors: ELOOP for links in a circle.
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

/** Errors where a folder on the way to a file in `target` is a link: what is moved there would leave the target. */
export function requireNoLinks({ sync, path }: NodeModules, target: string, names: readonly string[]): void {
  for (const name of names) {
    const folders = name.split("/").slice(0, -1);
    for (let i = 1; i <= folders.length; i++) {
      const folder = path.join(target, ...folders.slice(0, i));
      if (sync.lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink())
        throw new Error(`${folder} is a link, and files are moved into real folders only`);
    }
  }
}

/** What Windows does not take in a name: `a:b` would even be written, into a stream that no listing shows. */
const NOT_ON_WINDOWS = /[<>:"|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** The parts of a relative path that stays inside its folder; others are an error. */
export function safeParts(name: string): string[] {
  const parts = name.split("/");
  const bad = isWindows() && parts.some((part) => NOT_ON_WINDOWS.test(part));
  if (bad || !isInFolder(name)) throw new Error(`${JSON.stringify(name)} cannot be the name of a file inside a folder`);
  return parts;
}

/**
 * Makes a folder and those above it that are missing; gives what was made, the highest first. Not `mkdir`'s own `recursive`,
 * which never returns where a file system refuses new folders as if their parent were missing (/proc).
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

/** Makes one folder; false if somebody else did so meanwhile. */
async function makeOne(fs: typeof Files, folder: string): Promise<boolean> {
  try {
    await fs.mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && (await fs.stat(folder)).isDirectory()) return false;
    throw error;
  }
}

/** Removes folders that {@link makeFolders} made, if nobody else has put anything there. */
export async function removeEmpty(fs: typeof Files, made: readonly string[]): Promise<void> {
  for (const one of [...made].reverse()) await fs.rmdir(one).catch(() => undefined);
}

/** A function, so that the module can be loaded where there is no process. */
export const isWindows = (): boolean => typeof process !== "undefined" && process.platform === "win32";

/** What Windows answers while a virus scanner or an indexer has a file open. */
export const PASSING = ["EPERM", "EACCES", "EBUSY"];

/** Renames; tries again for ten seconds where Windows refuses what it will soon allow. `wait` is called between two tries. */
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

/** Renames a file, or copies it where the two places are on different disks: `to` is there whole or not at all. */
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
    } catch {} // not every disk keeps owners
    sync.chmodSync(part, mode & 0o777);
    flushSync(node, part);
    renameStubbornly(node, part, to, wait);
    sync.rmSync(from);
  }
}

/** Brings a file's bytes or a folder's entries to the disk. Windows and some file systems cannot do so for folders. */
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
