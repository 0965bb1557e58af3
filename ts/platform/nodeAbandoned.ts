import type { Dirent, Stats } from "node:fs";
import { STAGED } from "./nodeCommit.js";
import type { NodeModules } from "./nodeFiles.js";
import { fateOf, isOwner, isRunning } from "./nodeOwner.js";

/** Milliseconds after which a staged folder counts as abandoned, since processes of other hosts cannot be checked. */
const DAY = 86_400_000;

/** Removes leftovers of dead processes in and beside `target`; moves files back that do not belong to a save. */
export async function sweep(node: NodeModules, target: string, names: ReadonlySet<string>): Promise<void> {
  await sweepFolder(node, target);
  for (const left of await leftBeside(node, target)) {
    // What cannot be put back stays where it is.
    await restore(node, left, target, names).catch(() => undefined);
  }
}

/** Removes staged folders of dead processes in `folder`, and files that an earlier version wrote there for `file`. */
export async function sweepFolder(node: NodeModules, folder: string, file?: string): Promise<void> {
  for (const { name } of await entries(node, folder)) {
    const path = node.path.join(folder, name);
    if (name.startsWith(STAGED) && isOwner(name.slice(STAGED.length))) {
      if (await isAbandoned(node, path, name.slice(STAGED.length)))
        await node.fs.rm(path, { recursive: true, force: true }).catch(() => undefined);
    } else if (file !== undefined && formerOwner(name, file) !== undefined && !isRunning(formerOwner(name, file)!)) {
      if ((await node.fs.lstat(path)).isFile()) await node.fs.rm(path, { force: true });
    }
  }
}

async function isAbandoned(node: NodeModules, path: string, owner: string): Promise<boolean> {
  const fate = fateOf(node, owner);
  if (fate === "dead") return true;
  const found = await node.fs.lstat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > DAY;
}

const entries = (node: NodeModules, folder: string): Promise<Dirent[]> =>
  node.fs.readdir(folder, { withFileTypes: true }).catch(() => []);

/** A folder that an earlier version made beside the target: the new files with the user's files moved in, or the old contents. */
interface Former {
  readonly path: string;
  readonly isBefore: boolean;
}

/** The process id in `.NAME.PID-xxxx.tmp`. */
function formerOwner(entry: string, name: string): number | undefined {
  if (!entry.startsWith(`.${name}.`)) return undefined;
  const found = /^(\d+)-[0-9a-z]{1,8}\.tmp(\.before)?$/.exec(entry.slice(name.length + 2));
  return found === null ? undefined : Number(found[1]);
}

/** Leftovers of an earlier version beside a target, if its process is dead; new files before old ones. */
async function leftBeside(node: NodeModules, target: string): Promise<Former[]> {
  const [parent, name] = [node.path.dirname(target), node.path.basename(target)];
  const found = (await entries(node, parent)).filter((entry) => {
    const owner = formerOwner(entry.name, name);
    return owner !== undefined && entry.isDirectory() && !isRunning(owner);
  });
  const all = found.map((entry) => ({
    path: node.path.join(parent, entry.name),
    isBefore: entry.name.endsWith(".before"),
  }));
  return all.sort((a, b) => Number(a.isBefore) - Number(b.isBefore));
}

/** Puts the user's files back and removes the rest. */
async function restore(
  node: NodeModules,
  { path, isBefore }: Former,
  target: string,
  names: ReadonlySet<string>,
): Promise<void> {
  // It was killed after it moved the old folder away: the new files are complete and only need their name.
  if (!isBefore && !node.sync.existsSync(target) && node.sync.existsSync(`${path}.before`)) {
    await node.fs.rename(path, target);
    return;
  }
  const { birthtimeMs } = await node.fs.stat(path);
  const isWritten = ({ mtimeMs }: Stats) => isBefore || (birthtimeMs > 0 && mtimeMs >= birthtimeMs);
  if (await putBack(node, path, target, { names, isWritten })) await node.fs.rm(path, { recursive: true, force: true });
}

/** Whether a save wrote or replaced a file: an older file of the user may have the same name. */
interface Saved {
  readonly names: ReadonlySet<string>;
  isWritten(found: Stats): boolean;
}

/** Moves files that do not belong to a save to the target; false if one must stay because its name is taken there. */
async function putBack(
  node: NodeModules,
  from: string,
  to: string,
  { names, isWritten }: Saved,
  prefix = "",
): Promise<boolean> {
  const { fs, path, sync } = node;
  let all = true;
  for (const entry of await fs.readdir(from, { withFileTypes: true })) {
    const [source, place] = [path.join(from, entry.name), path.join(to, entry.name)];
    const name = prefix + entry.name;
    const there = sync.lstatSync(place, { throwIfNoEntry: false });
    if (entry.isDirectory() && (there === undefined || there.isDirectory())) {
      if (there === undefined) await fs.mkdir(place);
      all = (await putBack(node, source, place, { names, isWritten }, `${name}/`)) && all;
    } else if (!entry.isDirectory() && names.has(name)) {
      all = isWritten(await fs.lstat(source)) && all;
    } else if (there === undefined) await fs.rename(source, place);
    else all = false;
  }
  return all;
}
