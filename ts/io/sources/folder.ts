import { DataError } from "../../errors.js";
import { platform } from "../../platform/index.js";
import type { Files } from "../interface.js";
import { reading } from "../reasons.js";
import { settled } from "./journal.js";

/** The files of a folder that may be saved to while they are read. */
export interface FolderFiles extends Files {
  /** A string that changes with the file; undefined if it does not exist. */
  stamp(file: string): Promise<string | undefined>;
}

/** The files of a local folder. */
export const folderFiles = (folder: string): FolderFiles =>
  platform.isNode ? settled(plainFiles(folder)) : plainFiles(folder);

function plainFiles(folder: string): FolderFiles {
  const name = folder.replace(/[/\\]+$/, "");
  const at = (file: string) => `${name}/${file}`;
  const sizeOf = (file: string) => reading(at(file), () => platform.fileSize(at(file)));
  const size = async (file: string) => {
    const found = await sizeOf(file);
    if (found === undefined) throw new DataError(`${at(file)}: no such file`, { reason: "not-found" });
    return found;
  };
  return {
    name,
    stamp: (file) => reading(at(file), () => platform.fileStamp(at(file))),
    has: async (file) => (await sizeOf(file)) !== undefined,
    size,
    async read(file) {
      await size(file);
      return reading(at(file), () => platform.readFile(at(file)));
    },
    readRange: (file, start, end) => reading(at(file), () => platform.readRange(at(file), start, end)),
    list: async () => (await reading(folder, () => platform.listFolder(folder))) ?? [],
  };
}
