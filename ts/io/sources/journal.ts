import { ACTIVE, isOfSaving, JOURNAL, type Journal, parseJournal, removes } from "../../platform/index.js";
import type { Files } from "../interface.js";
import type { FolderFiles } from "./folder.js";

/** Maximum number of retries if a save moves a file meanwhile. */
const TRIES = 20;

/**
 * The files of a folder after the last committed save, even if it is still moving them or was killed: new files that
 * have not been moved are read from the staging folder. Nothing is written, so read-only folders work too.
 */
export function settled(files: FolderFiles): FolderFiles;
export function settled(files: Files): Files;
export function settled(files: FolderFiles | Files): FolderFiles | Files {
  const journal = async (): Promise<Journal | undefined> => {
    const name = `${ACTIVE}/${JOURNAL}`;
    if (!(await files.has(name))) return undefined;
    // The save may have ended by now.
    const bytes = await files.read(name).catch(() => undefined);
    return bytes && parseJournal(new TextDecoder().decode(bytes));
  };
  /** The current path of a file; undefined if there is none. */
  const place = async (file: string): Promise<string | undefined> => {
    for (let tries = 0, seen = await journal(); ; tries++) {
      const staged = `${ACTIVE}/files/${file}`;
      if (seen?.files.includes(file) && (await files.has(staged))) return staged;
      if (!(seen && removes(seen, file)) && (await files.has(file))) return file;
      const now = await journal();
      // A save that began and ended in between leaves no journal; one that is rolled back moves files back.
      const stable = now?.id === seen?.id && (now === undefined ? !(await files.has(file)) : tries > 1);
      if (stable || tries === TRIES) return undefined;
      seen = now;
    }
  };
  /** Calls `read` with the path of a file; again if it was moved in between. */
  const at = async <T>(file: string, read: (place: string) => Promise<T>): Promise<T> => {
    for (let tries = 0; ; tries++) {
      const found = await place(file);
      try {
        return await read(found ?? file);
      } catch (error) {
        if (tries === TRIES || found === undefined || (await place(file)) === found) throw error;
      }
    }
  };
  return {
    ...("stamp" in files && { stamp: (file: string) => at(file, (one) => files.stamp(one)) }),
    name: files.name,
    has: async (file) => (await place(file)) !== undefined,
    size: (file) => at(file, (one) => files.size(one)),
    read: (file) => at(file, (one) => files.read(one)),
    readRange: (file, start, end) => at(file, (one) => files.readRange(one, start, end)),
    async list() {
      const [held, seen] = [await files.list(), await journal()];
      const names = (held ?? []).filter((name) => !isOfSaving(name) && !(seen && removes(seen, name)));
      return held && [...new Set([...names, ...(seen?.files ?? []).map((name) => name.split("/")[0]!)])].sort();
    },
  };
}
