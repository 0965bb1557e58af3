import { ACTIVE } from "./journal.js";
import { sweepFolder } from "./nodeAbandoned.js";
import { type Access, accessOf, OPEN } from "./nodeAccess.js";
import { makeFolders, type NodeModules, removeEmpty, renameStubbornly, resolveLinks, writeNew } from "./nodeFiles.js";
import { newOwner } from "./nodeOwner.js";
import type { Content } from "./platform.js";

/** Writes a temporary file and renames it over `file`, an absolute path; see `Platform.writeFile`. */
export async function writeFile(node: NodeModules, file: string, content: Content): Promise<void> {
  const target = resolveLinks(node, file);
  const access = accessFor(node, target);
  if (access === undefined) return writeThrough(node, target, content);
  const made = await makeFolders(node, node.path.dirname(target));
  const beside = temporary(node, target);
  try {
    await sweepFolder(node, node.path.dirname(target), node.path.basename(target));
    await writeNew(node, beside, content, access);
    replace(node, beside, target);
  } catch (error) {
    await node.fs.rm(beside, { force: true });
    await removeEmpty(node.fs, made);
    throw error;
  }
}

/** Checks that `writeFile` can write `file`, by performing the same operations. */
export async function tryFile(node: NodeModules, file: string): Promise<void> {
  const target = resolveLinks(node, file);
  if (accessFor(node, target) === undefined) return node.fs.access(target, node.fs.constants.W_OK);
  const made = await makeFolders(node, node.path.dirname(target));
  const beside = temporary(node, target);
  try {
    await writeNew(node, beside, "", OPEN);
  } finally {
    await node.fs.rm(beside, { force: true });
    await removeEmpty(node.fs, made);
  }
}

/** Undefined for a pipe or a device, which is written to and never replaced. */
function accessFor({ sync }: NodeModules, target: string): Access | undefined {
  const found = sync.statSync(target, { throwIfNoEntry: false });
  if (found === undefined) return OPEN;
  if (found.isDirectory()) throw new Error(`${target} is a folder, not a file`);
  return found.isFile() ? accessOf(found) : undefined;
}

async function writeThrough(node: NodeModules, target: string, content: Content): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await node.fs.writeFile(target, bytes);
}

/** A mounted file cannot be replaced: its contents are overwritten. */
function replace(node: NodeModules, from: string, to: string): void {
  try {
    renameStubbornly(node, from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EBUSY" || process.platform === "win32") throw error;
    node.sync.copyFileSync(from, to);
    node.sync.rmSync(from);
  }
}

/** A unique name beside `target`, short enough even if the target's name is long. */
const temporary = (node: NodeModules, target: string): string =>
  node.path.join(node.path.dirname(target), `${ACTIVE}-${newOwner(node)}`);
