import { DataError } from "../../errors.js";
import { platform } from "../../platform/index.js";
import type { Files } from "../files.js";

/** The files of a folder on this machine. */
export function folderFiles(folder: string): Files {
  const name = folder.replace(/[/\\]+$/, "");
  const at = (file: string) => `${name}/${file}`;
  const absent = (file: string) => new DataError(`${at(file)}: no such file`);
  return {
    name,
    has: async (file) => (await platform.fileSize(at(file))) !== undefined,
    size: async (file) => {
      const size = await platform.fileSize(at(file));
      if (size === undefined) throw absent(file);
      return size;
    },
    read: async (file) => {
      if ((await platform.fileSize(at(file))) === undefined) throw absent(file);
      return platform.readFile(at(file));
    },
    readRange: (file, start, end) => platform.readRange(at(file), start, end),
    list: async () => (await platform.listFolder(folder)) ?? [],
  };
}
