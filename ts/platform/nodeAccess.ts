import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** Who may do what with a file that is written anew. */
export interface Access {
  /** Permission bits: exactly these, or at most these where the process's mask is to count. */
  readonly mode: number;
  readonly exact: boolean;
  /** User and group. Undefined: the process's own. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** What a new file of one's own gets. */
export const OPEN: Access = { mode: 0o666, exact: false };

const BITS = 0o777;
const READ_WRITE = 0o666;

/** As the file that is replaced. */
export const accessOf = ({ mode, uid, gid }: Stats): Access => ({
  mode: mode & BITS,
  exact: true,
  owner: { uid, gid },
});

/**
 * For a file that replaces none: no more than the older ones beside it, taken together, allow; without any, no more than the folder
 * does.
 */
export function accessBeside(folder: Stats, others: readonly Stats[]): Access {
  const { uid, gid } = others[0] ?? folder;
  const allowed = others.reduce((mode, one) => mode | one.mode, 0);
  const mode = (others.length > 0 ? allowed : folderAllows(folder.mode)) & READ_WRITE;
  return { mode: mode | 0o600, exact: false, owner: { uid, gid } };
}

/** Whoever can neither list a folder nor enter it gets none of its files. */
const folderAllows = (mode: number): number =>
  0o600 | ((mode & 0o050) === 0 ? 0 : 0o060) | ((mode & 0o005) === 0 ? 0 : 0o006);

/** The mode to create a file with: nobody reads it who should not, whatever is still to come. */
export const startMode = ({ mode, exact }: Access): number => (exact ? mode & 0o700 : mode) | 0o600;

/** Sets a new file's owner and mode as far as the process may. */
export async function giveAccess(handle: FileHandle, { mode, exact, owner }: Access): Promise<void> {
  if (process.platform === "win32") return;
  let shared = 0o070;
  const now = await handle.stat();
  if (owner !== undefined && (owner.uid !== now.uid || owner.gid !== now.gid)) {
    await handle.chown(owner.uid, owner.gid).catch(async () => {
      // Another group than that which was meant: it gets what everybody gets.
      if (owner.gid !== now.gid) await handle.chown(now.uid, owner.gid).catch(() => (shared = (mode & 0o007) << 3));
    });
  }
  const wanted = exact ? mode : now.mode & BITS;
  const final = (wanted & ~0o070) | (wanted & 0o070 & shared);
  if (final !== (now.mode & BITS)) await handle.chmod(final);
}
