import type * as Sync from "node:fs";
import type * as Files from "node:fs/promises";
import type * as Path from "node:path";
import type * as Url from "node:url";
import type { Content } from "./platform.js";

/** The parts of Node that files need. */
export interface NodeModules {
  readonly fs: typeof Files;
  readonly sync: typeof Sync;
  readonly path: typeof Path;
  readonly url: typeof Url;
}

/** Writes one file beside and renames it over `file`, an absolute path. */
export async function writeFile(node: NodeModules, file: string, content: Content): Promise<void> {
  const { fs, path } = node;
  const target = await realPath(node, file);
  await makeFolders(node, path.dirname(target));
  const beside = temporary(node, target);
  try {
    await writeOne(node, beside, content);
    await fs.rename(beside, target);
  } catch (error) {
    await fs.rm(beside, { force: true });
    throw error;
  }
}

/** Writes `files` into a folder beside and renames it to `folder`, an absolute path; see `Platform.writeFolder`. */
export async function writeFolder(
  node: NodeModules,
  folder: string,
  files: ReadonlyMap<string, Content | null>,
): Promise<void> {
  const { fs, path } = node;
  const target = await replaceable(node, folder);
  const made = await makeFolders(node, path.dirname(target));
  const beside = temporary(node, target);
  try {
    await fs.mkdir(beside);
    for (const [name, content] of files) {
      const file = path.join(beside, ...safeParts(name));
      if (content === null) continue;
      await makeFolders(node, path.dirname(file));
      await writeOne(node, file, content);
    }
    const unwanted = [...files.keys()].map((name) => path.join(target, ...safeParts(name)));
    await swap(node, target, beside, new Set(unwanted));
  } catch (error) {
    await fs.rm(beside, { recursive: true, force: true });
    for (const folder of made.reverse()) await fs.rmdir(folder).catch(() => undefined);
    throw error;
  }
}

/** Makes a folder where `writeFolder` would begin, and takes it away. */
export async function tryFolder(node: NodeModules, folder: string): Promise<void> {
  const { fs, path } = node;
  const target = await replaceable(node, folder);
  const made = await makeFolders(node, path.dirname(target));
  const beside = temporary(node, target);
  try {
    await fs.mkdir(beside);
    await fs.rmdir(beside);
  } finally {
    for (const one of made.reverse()) await fs.rmdir(one).catch(() => undefined);
  }
}

/** What a folder's path leads to, if it can be replaced: not a file, and not where this process stands. */
async function replaceable(node: NodeModules, folder: string): Promise<string> {
  const { fs, path, sync } = node;
  const target = await realPath(node, folder);
  const here = path.relative(target, process.cwd());
  if (here === "" || !(here.startsWith("..") || path.isAbsolute(here))) {
    throw new Error(`${folder} is the current folder or holds it, and cannot be replaced: name a folder inside it`);
  }
  if (sync.existsSync(target) && !(await fs.stat(target)).isDirectory())
    throw new Error(`${target} is a file, not a folder`);
  return target;
}

/** Puts `beside` in the place of `target` without what is `unwanted` of it; undoes every step if one of them fails. */
async function swap(node: NodeModules, target: string, beside: string, unwanted: ReadonlySet<string>): Promise<void> {
  const { fs, path } = node;
  const undo: (() => Promise<void>)[] = [];
  const move = async (from: string, to: string) => {
    await fs.rename(from, to);
    undo.unshift(() => fs.rename(to, from));
  };
  const before = `${beside}.before`;
  try {
    if (node.sync.existsSync(target)) {
      const keep = async (from: string, to: string) => {
        if (!unwanted.has(from)) await move(from, to);
      };
      await carry(node, target, beside, keep);
      await move(target, before);
    }
    await move(beside, target);
  } catch (error) {
    for (const step of undo) await step();
    throw error;
  }
  await flush(node, path.dirname(target));
  await fs.rm(before, { recursive: true, force: true });
}

/** Moves what `from` holds and `to` does not, folders merged, so that nothing of somebody else's is lost. */
async function carry(
  node: NodeModules,
  from: string,
  to: string,
  keep: (from: string, to: string) => Promise<void>,
): Promise<void> {
  for (const entry of await node.fs.readdir(from, { withFileTypes: true })) {
    const [source, target] = [node.path.join(from, entry.name), node.path.join(to, entry.name)];
    if (!node.sync.existsSync(target)) await keep(source, target);
    else if (entry.isDirectory()) await carry(node, source, target, keep);
  }
}

async function writeOne(node: NodeModules, file: string, content: Content): Promise<void> {
  const handle = await node.fs.open(file, "wx");
  try {
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

/** A folder's own entries reach the disk only when it is flushed too; not every system allows that. */
async function flush(node: NodeModules, folder: string): Promise<void> {
  const handle = await node.fs.open(folder).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Where a link leads, so that the link stays and what it names is replaced. */
const realPath = (node: NodeModules, path: string): Promise<string> => node.fs.realpath(path).catch(() => path);

/** A name beside `target` that nobody else uses. */
function temporary(node: NodeModules, target: string): string {
  const unique = `${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
  return node.path.join(node.path.dirname(target), `.${node.path.basename(target)}.${unique}.tmp`);
}

/** The parts of a relative path that stays inside its folder; others are an error. */
export function safeParts(name: string): string[] {
  const parts = name.split("/");
  const bad = parts.some((part) => part === "" || part === "." || part === ".." || /[\\\0]/.test(part));
  if (bad) throw new Error(`${JSON.stringify(name)} is no name of a file inside a folder`);
  return parts;
}

/**
 * Makes a folder and those above it that are missing; gives what was made, the highest first. Not `mkdir`'s own `recursive`,
 * which never returns where a file system refuses new folders as if their parent were missing (/proc).
 */
async function makeFolders({ fs, sync, path }: NodeModules, folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = folder; !sync.existsSync(at) && path.dirname(at) !== at; at = path.dirname(at)) missing.unshift(at);
  const made: string[] = [];
  try {
    for (const one of missing) if (await makeOne(fs, one)) made.push(one);
  } catch (error) {
    for (const one of made.reverse()) await fs.rmdir(one).catch(() => undefined);
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
