/**
 * How a save is laid out in the folder that it goes to. New files are staged in `.roformer-save-OWNER/files`; renaming that
 * folder to `.roformer-save` takes the lock and decides the save at once, since what is renamed also holds the journal. The files
 * then move to their places, and the folder is renamed away again. While `.roformer-save` is there, `readPlace` tells where the
 * new files are.
 */
export const ACTIVE = ".roformer-save";

/** The journal's name in {@link ACTIVE}. */
export const JOURNAL = "journal.json";

/** The file without which no reader takes a folder for a model's: it goes first and comes last. */
export const MAIN = "config.json";

/** What a save does to the folder. */
export interface Journal {
  /** Distinguishes this save from any other. */
  readonly id: string;
  /** Files that are new or replaced; names are relative and use `/`. */
  readonly files: readonly string[];
  /** Files that are removed. */
  readonly remove: readonly string[];
  /** The source of a regular expression: further names, of files directly in the folder, that are removed. */
  readonly stale?: string | undefined;
}

/** A journal's text. Undefined: not one of this library's. */
export function parseJournal(text: string): Journal | undefined {
  try {
    const { id, files, remove, stale } = JSON.parse(text) as Partial<Journal>;
    const names = (given: unknown) => Array.isArray(given) && given.every((one) => typeof one === "string");
    if (typeof id !== "string" || !names(files) || !names(remove)) return undefined;
    return { id, files: files!, remove: remove!, stale: typeof stale === "string" ? stale : undefined };
  } catch {
    return undefined;
  }
}

/** Whether a save removes a file. */
export const removes = ({ files, remove, stale }: Journal, name: string): boolean =>
  !files.includes(name) && (remove.includes(name) || (stale !== undefined && new RegExp(stale).test(name)));

/** Whether a name in a folder is one of saving's own. */
export const isOfSaving = (name: string): boolean => name.startsWith(ACTIVE);
