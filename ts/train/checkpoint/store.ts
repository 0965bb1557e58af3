import { CheckpointError } from "../../errors.js";
import { type Files, openFiles, saveFolder } from "../../io/files.js";
import { type Content, platform } from "../../platform/index.js";

/** The file that makes a folder a checkpoint: it is written last. */
export const STATE = "state.json";

/** Where the checkpoints of a run are kept: each is a folder `step-N`. */
export interface CheckpointStore {
  /** Its name in messages. */
  readonly name: string;
  /**
   * Keeps other trainings away until the function that this gives is called, where that is possible. Errors: CheckpointError if another one
   * is there.
   */
  claim(): Promise<() => Promise<void>>;
  /** Steps after which there is a checkpoint, whole or damaged, ascending. */
  list(): Promise<number[]>;
  /** The files of a checkpoint. */
  open(step: number): Promise<Files>;
  /** Writes a checkpoint whole or not at all, its files in order; an older one of the same step is replaced. */
  write(step: number, files: ReadonlyMap<string, Content>): Promise<void>;
  /** Removes a checkpoint. */
  remove(step: number): Promise<void>;
  /** Removes what interrupted writes have left. */
  sweep(): Promise<void>;
  /** Removes the folder of checkpoints if it is empty. */
  removeEmpty(): Promise<void>;
}

/** Checkpoints in a folder's path (Node), or in a directory handle: the origin private file system, or one that a user has chosen. */
export const openStore = (place: string | FileSystemDirectoryHandle): CheckpointStore =>
  typeof place === "string" ? folderStore(place.replace(/[/\\]+$/, "")) : handleStore(place);

const stepIn = (name: string): number | undefined => {
  const digits = /^step-(0|[1-9]\d{0,14})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

const steps = (names: readonly string[]): number[] =>
  names
    .map(stepIn)
    .filter((step) => step !== undefined)
    .sort((a, b) => a - b);

function folderStore(path: string): CheckpointStore {
  const at = (step: number) => `${path}/step-${step}`;
  // What is being written or removed has a name that no reader takes for a checkpoint's.
  const hidden = (step: number) => `${path}/.step-${step}`;
  const names = async () => (await platform.listFolder(path)) ?? [];
  const remove = async (step: number) => {
    await platform.removeFolder(hidden(step));
    await platform.renameFolder(at(step), hidden(step));
    await platform.removeFolder(hidden(step));
  };
  return {
    name: path,
    async claim() {
      try {
        return await platform.claimFolder(path);
      } catch (error) {
        // A folder that cannot be written is a message later, at the first checkpoint.
        if ((error as { code?: unknown }).code !== undefined) return async () => undefined;
        throw new CheckpointError(`${path} cannot be used: ${(error as Error).message}`, { cause: error });
      }
    },
    async list() {
      const found: number[] = [];
      for (const step of steps(await names())) if (await isOurs(openFiles(at(step)))) found.push(step);
      return found;
    },
    open: async (step) => openFiles(at(step)),
    async write(step, files) {
      try {
        await platform.removeFolder(hidden(step));
        await saveFolder(hidden(step), files);
        if ((await platform.exists(at(step))) && (await isOurs(openFiles(at(step)))))
          await platform.removeFolder(at(step));
        await platform.renameFolder(hidden(step), at(step));
      } catch (error) {
        await platform.removeFolder(hidden(step)).catch(() => undefined);
        throw error;
      }
    },
    remove,
    async sweep() {
      for (const name of await names())
        if (name.startsWith(".") && stepIn(name.slice(1)) !== undefined) await platform.removeFolder(`${path}/${name}`);
    },
    async removeEmpty() {
      if ((await platform.listFolder(path))?.length === 0) await platform.removeFolder(path);
    },
  };
}

/** Whether a folder is a checkpoint, perhaps a damaged one, and not a user's folder of the same name. */
async function isOurs(files: Files): Promise<boolean> {
  return (await files.has(STATE)) || (await files.has("optimizer.safetensors"));
}

function handleStore(folder: FileSystemDirectoryHandle): CheckpointStore {
  const name = (step: number) => `step-${step}`;
  const names = async () => {
    const found: string[] = [];
    for await (const one of folder.keys()) found.push(one);
    return found;
  };
  const open = async (step: number) => openFiles(await folder.getDirectoryHandle(name(step)));
  const remove = async (step: number) => {
    // Without it, what a crash leaves is not a checkpoint.
    const own = await folder.getDirectoryHandle(name(step));
    await own.removeEntry(STATE).catch(() => undefined);
    await folder.removeEntry(name(step), { recursive: true });
  };
  return {
    name: folder.name || "the checkpoints' folder",
    claim: async () => async () => undefined,
    async list() {
      const found: number[] = [];
      for (const step of steps(await names())) if (await isOurs(await open(step))) found.push(step);
      return found;
    },
    open,
    async write(step, files) {
      await remove(step).catch(() => undefined);
      try {
        const own = await folder.getDirectoryHandle(name(step), { create: true });
        for (const [file, content] of files) await writeFile(own, file, content);
      } catch (error) {
        await remove(step).catch(() => undefined);
        throw error;
      }
    },
    remove,
    async sweep() {
      for (const step of steps(await names())) if (!(await (await open(step)).has(STATE))) await remove(step);
    },
    removeEmpty: async () => undefined,
  };
}

async function writeFile(folder: FileSystemDirectoryHandle, path: string, content: Content): Promise<void> {
  const parts = path.split("/");
  let at = folder;
  for (const part of parts.slice(0, -1)) at = await at.getDirectoryHandle(part, { create: true });
  const writable = await (await at.getFileHandle(parts.at(-1)!, { create: true })).createWritable();
  try {
    const isWhole = typeof content === "string" || content instanceof Uint8Array;
    for await (const piece of isWhole ? [content] : content) await writable.write(piece as FileSystemWriteChunkType);
    await writable.close();
  } catch (error) {
    await writable.abort().catch(() => undefined);
    throw error;
  }
}
