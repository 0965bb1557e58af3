import { DataError } from "../../errors.js";
import type { Files } from "../interface.js";
import { reading } from "../reasons.js";
import { settled } from "./journal.js";

/** The files of a folder that the user of a page has chosen (`showDirectoryPicker`), or of its private one. */
export function handleFiles(folder: FileSystemDirectoryHandle): Files {
  const find = async (file: string): Promise<File | undefined> => {
    const parts = file.split("/");
    try {
      let at = folder;
      for (const part of parts.slice(0, -1)) at = await at.getDirectoryHandle(part);
      return await (await at.getFileHandle(parts.at(-1)!)).getFile();
    } catch (error) {
      // TypeMismatchError: a folder of that name.
      if (["NotFoundError", "TypeMismatchError"].includes((error as DOMException).name)) return undefined;
      throw new DataError(`${folder.name}/${file} cannot be read: ${(error as Error).message}`, { cause: error });
    }
  };
  const open = async (file: string): Promise<File> => {
    const found = await find(file);
    if (found === undefined) throw new DataError(`${folder.name}/${file}: no such file`, { reason: "not-found" });
    return found;
  };
  const bytes = (file: string, part: Blob) =>
    reading(`${folder.name}/${file}`, async () => new Uint8Array(await part.arrayBuffer()));
  return settled({
    name: folder.name,
    has: async (file) => (await find(file)) !== undefined,
    size: async (file) => (await open(file)).size,
    read: async (file) => bytes(file, await open(file)),
    readRange: async (file, start, end) => bytes(file, (await open(file)).slice(start, end)),
    async list() {
      return reading(folder.name, async () => {
        const names: string[] = [];
        for await (const name of folder.keys()) names.push(name);
        return names.sort();
      });
    },
  });
}
