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

/**
 * Names of files directly in a folder that a save removes beside those that it lists. A journal says which of these kinds, never a
 * pattern of its own: a folder may come from anywhere, and so may its journal.
 */
const STALE = {
  /** Weights of an older model, in one file or in shards. */
  weights: /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/,
} as const;

/** A kind of files that a save removes. */
export type Stale = keyof typeof STALE;

/** What a save does to the folder. */
export interface Journal {
  /** Distinguishes this save from any other. */
  readonly id: string;
  /** Files that are new or replaced; names are relative and use `/`. */
  readonly files: readonly string[];
  /** Files that are removed. */
  readonly remove: readonly string[];
  /** Further files that are removed. */
  readonly stale?: Stale | undefined;
}

/** A journal's text. Undefined: not one of this library's, or one that names something outside its folder. */
export function parseJournal(text: string): Journal | undefined {
  try {
    const { id, files, remove, stale } = JSON.parse(text) as Partial<Journal>;
    const isList = (given: unknown) => Array.isArray(given) && given.every(isInFolder);
    if (typeof id !== "string" || !isList(files) || !isList(remove)) return undefined;
    if (stale !== undefined && !Object.hasOwn(STALE, stale)) return undefined;
    return { id, files: files!, remove: remove!, stale };
  } catch {
    return undefined;
  }
}

/** Whether a name is one that a save can give to a file: relative, inside the folder, and not one of saving's own. */
export const isInFolder = (name: unknown): boolean =>
  typeof name === "string" &&
  name.split("/").every((part) => !["", ".", ".."].includes(part) && !/[\\\0]/.test(part) && !isOfSaving(part));

/** Whether readers would take a file for the weights, or for a part of them, of a model that was saved before. */
export const isStaleWeight = (name: string): boolean => STALE.weights.test(name);

/** Whether a save removes a file. */
export const removes = ({ files, remove, stale }: Journal, name: string): boolean =>
  !files.includes(name) && (remove.includes(name) || (stale !== undefined && STALE[stale].test(name)));

/** Whether a name in a folder is one of saving's own. */
export const isOfSaving = (name: string): boolean => name.startsWith(ACTIVE);
