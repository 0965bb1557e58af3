import { ACTIVE, isOfSaving, JOURNAL, type Journal, parseJournal, removes } from "../../platform/index.js";
import type { Files } from "../interface.js";
import type { FolderFiles } from "./folder.js";

/** How often a file is looked for again when a save moves it meanwhile. */
const TRIES = 20;

/**
 * The files of a folder as the last save that was decided left them, though it is still moving them or was killed: new files that
 * have no place yet are read where they are staged. Nothing is written, so this holds for read-only folders too.
 */
export function settled(files: FolderFiles): FolderFiles;
export function settled(files: Files): Files;
export function settled(files: FolderFiles | Files): FolderFiles | Files {
  const journal = async (): Promise<Journal | undefined> => {
    const name = `${ACTIVE}/${JOURNAL}`;
    if (!(await files.has(name))) return undefined;
    // It may be over by now.
    const bytes = await files.read(name).catch(() => undefined);
    return bytes && parseJournal(new TextDecoder().decode(bytes));
  };
  /** Where a file is now; undefined: nowhere. */
  const place = async (file: string): Promise<string | undefined> => {
    for (let tries = 0, seen = await journal(); ; tries++) {
      const staged = `${ACTIVE}/files/${file}`;
      if (seen?.files.includes(file) && (await files.has(staged))) return staged;
      if (!(seen && removes(seen, file)) && (await files.has(file))) return file;
      const now = await journal();
      // A save that came and went in between leaves no journal, one that is being undone moves files back.
      const stable = now?.id === seen?.id && (now === undefined ? !(await files.has(file)) : tries > 1);
      if (stable || tries === TRIES) return undefined;
      seen = now;
    }
  };
  /** Calls `read` with the place of a file; again if it was moved in between. */
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
