import type { Stats } from "node:fs";
import { JOURNAL, type Journal, type Stale } from "./journal.js";
import { sweep } from "./nodeAbandoned.js";
import { type Access, accessBeside, accessOf, OPEN } from "./nodeAccess.js";
import { commit, endAbandoned, OWNED, STAGED } from "./nodeCommit.js";
import {
  makeFolders,
  type NodeModules,
  removeEmpty,
  requireNoLinks,
  resolveLinks,
  safeParts,
  writeNew,
} from "./nodeFiles.js";
import { newOwner } from "./nodeOwner.js";
import type { Content, WriteFolderOptions } from "./platform.js";

/** Folders that this thread is writing, by their real paths: a second save of one waits for the first. */
const writing = new Map<string, Promise<void>>();

/** Writes `files` into `folder`, an absolute path; see `Platform.writeFolder`. */
export async function writeFolder(
  node: NodeModules,
  folder: string,
  files: ReadonlyMap<string, Content | null>,
  { stale, check }: WriteFolderOptions = {},
): Promise<void> {
  const target = resolveLinks(node, folder);
  const before = writing.get(target);
  const mine = (async () => {
    await before?.catch(() => undefined); // its own caller gets the error
    await check?.();
    await writeNow(node, target, files, stale);
  })();
  writing.set(target, mine);
  try {
    await mine;
  } finally {
    if (writing.get(target) === mine) writing.delete(target);
  }
}

async function writeNow(
  node: NodeModules,
  target: string,
  files: ReadonlyMap<string, Content | null>,
  stale: Stale | undefined,
): Promise<void> {
  const written = [...files.keys()].filter((name) => files.get(name) !== null);
  await requireRoom(node, target, written);
  endAbandoned(node, target);
  await sweep(node, target, new Set(files.keys()));
  const owner = newOwner(node);
  const staged = node.path.join(target, STAGED + owner);
  const made = await makeStaged(node, target, staged);
  try {
    await stage(node, target, staged, files);
    const remove = [...files.keys()].filter((name) => files.get(name) === null);
    const journal: Journal = { id: owner, files: written, remove, stale };
    await writeNew(node, node.path.join(staged, OWNED + owner), "", OPEN);
    await writeNew(node, node.path.join(staged, JOURNAL), JSON.stringify(journal), OPEN);
    await commit(node, target, staged, owner);
  } catch (error) {
    await node.fs.rm(staged, { recursive: true, force: true }).catch(() => undefined);
    await removeEmpty(node.fs, made);
    throw error;
  }
}

/** Checks that `writeFolder` can write files of these names into `folder`, by performing the same operations. */
export async function tryFolder(node: NodeModules, folder: string, names: readonly string[]): Promise<void> {
  const { fs, path } = node;
  const target = resolveLinks(node, folder);
  await requireRoom(node, target, names);
  const made = await makeFolders(node, target);
  const staged = path.join(target, STAGED + newOwner(node));
  const renamed = path.join(target, STAGED + newOwner(node));
  const file = path.join(target, STAGED + newOwner(node));
  try {
    await fs.mkdir(staged);
    await writeNew(node, path.join(staged, "file"), "file", OPEN);
    await fs.rename(staged, renamed);
    await fs.rename(path.join(renamed, "file"), file);
  } finally {
    for (const one of [staged, renamed, file]) await fs.rm(one, { recursive: true, force: true });
    await removeEmpty(fs, made);
  }
}

/** Maximum attempts to create a target: another process that only checks whether it can be created removes it. */
const MAKES = 10;

/** Creates a target and a staging folder in it with the same access: readers find the files there during a commit. */
async function makeStaged(node: NodeModules, target: string, staged: string): Promise<string[]> {
  for (let tries = 1; ; tries++) {
    const made = await makeFolders(node, target);
    try {
      await node.fs.mkdir(staged, { mode: (await node.fs.stat(target)).mode & 0o777 });
      return made;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT" && tries < MAKES) continue;
      await removeEmpty(node.fs, made);
      throw error;
    }
  }
}

/** Checks that files do not conflict with folders of the same name, or folders with files. */
async function requireRoom(node: NodeModules, target: string, names: readonly string[]): Promise<void> {
  const found = (path: string) => node.sync.statSync(path, { throwIfNoEntry: false });
  const requireFolder = (path: string) => {
    if (found(path)?.isDirectory() === false) throw new Error(`${path} is a file, not a folder`);
  };
  requireNoLinks(node, target, names);
  requireFolder(target);
  for (const name of names) {
    const parts = safeParts(name);
    for (let i = 1; i < parts.length; i++) requireFolder(node.path.join(target, ...parts.slice(0, i)));
    if (found(node.path.join(target, ...parts))?.isDirectory())
      throw new Error(`${name} in it is a folder, but a file of that name must be written: rename the folder`);
  }
}

/** Writes files to `staged`, with the access that they will have in `target`. */
async function stage(
  node: NodeModules,
  target: string,
  staged: string,
  files: ReadonlyMap<string, Content | null>,
): Promise<void> {
  const { fs, path } = node;
  const access = accessIn(node, target, [...files.keys()]);
  const folders = new Set<string>();
  await fs.mkdir(path.join(staged, "files"));
  for (const [name, content] of files) {
    if (content === null) continue;
    const file = path.join(staged, "files", ...safeParts(name));
    await makeFolders(node, path.dirname(file));
    folders.add(path.dirname(file));
    await writeNew(node, file, content, access(name));
  }
  for (const folder of [...folders, path.join(staged, "files"), staged]) await flush(node, folder);
}

/** The access of each file of a target: that of the file it replaces, or else of the files that are replaced with it. */
function accessIn({ sync, path }: NodeModules, target: string, names: readonly string[]): (name: string) => Access {
  const folder = sync.statSync(target);
  const older = new Map<string, Stats>();
  for (const name of names) {
    const found = sync.statSync(path.join(target, name), { throwIfNoEntry: false });
    if (found?.isFile()) older.set(name, found);
  }
  const beside = accessBeside(folder, [...older.values()]);
  return (name) => (older.has(name) ? accessOf(older.get(name)!) : beside);
}

/** Flushes a folder, which makes its entries durable; not every system allows that. */
async function flush(node: NodeModules, folder: string): Promise<void> {
  const handle = await node.fs.open(folder).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** See `Platform.spareFolders`. */
export async function* spareFolders(node: NodeModules, folder: string): AsyncGenerator<string> {
  const { fs, path } = node;
  const target = resolved(node, folder);
  const name = path.basename(target) || "model";
  for (const parent of [path.dirname(target), process.getBuiltinModule("node:os").tmpdir()]) {
    const made = await fs.mkdtemp(path.join(parent, `${name}-unsaved-`)).catch(() => undefined);
    if (made === undefined) continue;
    yield made;
    await fs.rm(made, { recursive: true, force: true }); // the consumer did not stop here
  }
}

/** A path with links resolved, or unchanged if that fails. */
function resolved(node: NodeModules, folder: string): string {
  try {
    return resolveLinks(node, folder);
  } catch {
    return folder;
  }
}
