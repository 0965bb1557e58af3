import { DataError } from "../../errors.js";
import { platform } from "../../platform/index.js";
import type { Files } from "../files.js";
import { reading } from "../reasons.js";

/** The files of a folder on this machine. */
export function folderFiles(folder: string): Files {
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
