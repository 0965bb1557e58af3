import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** Owner and permissions of a new file. */
export interface Access {
  /** Permission bits: exactly these, or these reduced by the process's umask. */
  readonly mode: number;
  readonly exact: boolean;
  /** User and group. Default: those of the process. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Access of an ordinary new file. */
export const OPEN: Access = { mode: 0o666, exact: false };

const BITS = 0o777;
const READ_WRITE = 0o666;

/** The same as the file that is replaced. */
export const accessOf = ({ mode, uid, gid }: Stats): Access => ({
  mode: mode & BITS,
  exact: true,
  owner: { uid, gid },
});

/**
 * For a file that replaces none: the intersection of what the older files beside it allow; without any, what the folder
 * allows.
 */
export function accessBeside(folder: Stats, others: readonly Stats[]): Access {
  const { uid, gid } = others[0] ?? folder;
  const allowed = others.reduce((mode, one) => mode | one.mode, 0);
  const mode = (others.length > 0 ? allowed : folderAllows(folder.mode)) & READ_WRITE;
  return { mode: mode | 0o600, exact: false, owner: { uid, gid } };
}

/** Those who can neither list nor enter a folder get no access to its files. */
const folderAllows = (mode: number): number =>
  0o600 | ((mode & 0o050) === 0 ? 0 : 0o060) | ((mode & 0o005) === 0 ? 0 : 0o006);

/** The mode to create a file with: never wider than its final mode. */
export const startMode = ({ mode, exact }: Access): number => (exact ? mode & 0o700 : mode) | 0o600;

/** Sets a new file's owner and mode as far as the process is allowed to. */
export async function giveAccess(handle: FileHandle, { mode, exact, owner }: Access): Promise<void> {
  if (process.platform === "win32") return;
  let shared = 0o070;
  const now = await handle.stat();
  if (owner !== undefined && (owner.uid !== now.uid || owner.gid !== now.gid)) {
    await handle.chown(owner.uid, owner.gid).catch(async () => {
      // The group could not be set: the actual group gets the permissions of others.
      if (owner.gid !== now.gid) await handle.chown(now.uid, owner.gid).catch(() => (shared = (mode & 0o007) << 3));
    });
  }
  const wanted = exact ? mode : now.mode & BITS;
  const final = (wanted & ~0o070) | (wanted & 0o070 & shared);
  if (final !== (now.mode & BITS)) await handle.chmod(final);
}
