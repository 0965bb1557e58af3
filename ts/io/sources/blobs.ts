import { DataError } from "../../errors.js";
import type { Files } from "../interface.js";
import { reading } from "../reasons.js";

/** Files given by the caller. */
export function blobFiles(blobs: ReadonlyMap<string, Blob>): Files {
  const blob = (file: string): Blob => {
    const found = blobs.get(file);
    if (found !== undefined && typeof found.arrayBuffer !== "function")
      throw new DataError(`${file}: ${typeof found} was given, not a Blob`);
    if (found === undefined) throw new DataError(`${file}: no such file among those given`, { reason: "not-found" });
    return found;
  };
  const bytes = (file: string, part: Blob) => reading(file, async () => new Uint8Array(await part.arrayBuffer()));
  return {
    name: "",
    has: async (file) => blobs.has(file),
    size: async (file) => blob(file).size,
    read: async (file) => bytes(file, blob(file)),
    readRange: async (file, start, end) => bytes(file, blob(file).slice(start, end)),
    list: async () => [...blobs.keys()].sort(),
  };
}
