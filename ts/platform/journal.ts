/**
 * The layout of a save in its target folder. New files are staged in `.roformer-save-OWNER/files`; renaming that
 * folder to `.roformer-save` takes the lock and commits the save in one step, since the folder also holds the journal. The files
 * are then moved to their places, and the folder is renamed away. While `.roformer-save` exists, `readPlace` locates the
 * new files.
 */
export const ACTIVE = ".roformer-save";

/** The journal's name in {@link ACTIVE}. */
export const JOURNAL = "journal.json";

/** The file that makes a folder a model's for readers: it is removed first and added last. */
export const MAIN = "config.json";

/**
 * Names of files directly in a folder that a save removes besides those it lists. A journal names one of these kinds, never a
 * pattern: a folder, and thus its journal, may come from anywhere.
 */
const STALE = {
  /** Weights of an earlier model, in one file or in shards. */
  weights: /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/,
} as const;

/** A kind of files that a save removes. */
export type Stale = keyof typeof STALE;

/** The changes that a save makes to the folder. */
export interface Journal {
  /** Distinguishes this save from any other. */
  readonly id: string;
  /** Files that are new or replaced; names are relative and use `/`. */
  readonly files: readonly string[];
  /** Files that are removed. */
  readonly remove: readonly string[];
  /** Kinds of further files that are removed. */
  readonly stale?: Stale | undefined;
}

/** Parses a journal; undefined if it is not one of this library, or names something outside its folder. */
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

/** Whether a save can write a file of this name: relative, inside the folder, and not used by saving itself. */
export const isInFolder = (name: unknown): boolean =>
  typeof name === "string" &&
  name.split("/").every((part) => !["", ".", ".."].includes(part) && !/[\\\0]/.test(part) && !isOfSaving(part));

/** Whether a file looks like the weights, or a part of the weights, of a model saved before. */
export const isStaleWeight = (name: string): boolean => STALE.weights.test(name);

/** Whether a save removes a file. */
export const removes = ({ files, remove, stale }: Journal, name: string): boolean =>
  !files.includes(name) && (remove.includes(name) || (stale !== undefined && STALE[stale].test(name)));

/** Whether a name in a folder is used by saving itself. */
export const isOfSaving = (name: string): boolean => name.startsWith(ACTIVE);
