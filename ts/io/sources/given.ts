import { DataError } from "../../errors.js";
import type { Files, SourceOptions } from "../interface.js";
import { reading } from "../reasons.js";
import { parsedUrl, remoteFiles } from "./url.js";

/** How files are read, whatever there is beside them. */
type Contents = Omit<Files, "name" | "list">;

/** Files given by the caller: contents, or the URLs of files on a server. */
export function givenFiles(given: ReadonlyMap<string, Blob | string>, options: SourceOptions): Files {
  const local = blobFiles(given);
  const addressOf = (file: string): URL | undefined => {
    const address = given.get(file);
    return typeof address === "string" ? parsedUrl(address) : undefined;
  };
  const remote = remoteFiles("", addressOf, options);
  const filesOf = (file: string): Contents => (typeof given.get(file) === "string" ? remote : local);
  return {
    name: "",
    has: (file) => filesOf(file).has(file),
    size: (file) => filesOf(file).size(file),
    read: (file) => filesOf(file).read(file),
    readRange: (file, start, end) => filesOf(file).readRange(file, start, end),
    list: async () => [...given.keys()].sort(),
  };
}

function blobFiles(given: ReadonlyMap<string, Blob | string>): Contents {
  const blob = (file: string): Blob => {
    const found = given.get(file) as Blob | undefined;
    if (found !== undefined && typeof found.arrayBuffer !== "function")
      throw new DataError(`${file}: ${typeof found} was given, not a Blob or a URL`);
    if (found === undefined) throw new DataError(`${file}: no such file among those given`, { reason: "not-found" });
    return found;
  };
  const bytes = (file: string, part: Blob) => reading(file, async () => new Uint8Array(await part.arrayBuffer()));
  return {
    has: async (file) => given.has(file),
    size: async (file) => blob(file).size,
    read: async (file) => bytes(file, blob(file)),
    readRange: async (file, start, end) => bytes(file, blob(file).slice(start, end)),
  };
}
