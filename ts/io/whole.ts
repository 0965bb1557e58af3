import { AbortError, DataError } from "../errors.js";
import { platform } from "../platform/index.js";
import { type FileSource, type Files, isFolderPath, openFiles, type SourceOptions } from "./files.js";
import { type FolderFiles, folderFiles } from "./sources/folder.js";

/**
 * Reads several files of a source that belong together. If the source is a folder that is saved to meanwhile, the files
 * are read again, so that all of them come from one save. Errors: those of `read`; DataError if the folder keeps changing.
 */
export async function readWhole<T>(
  source: FileSource,
  options: SourceOptions,
  read: (files: Files) => Promise<T>,
  discard: (result: T) => void = () => {},
): Promise<T> {
  const path = platform.isNode && source instanceof URL ? platform.addressOf(source) : source;
  if (!platform.isNode || typeof path !== "string" || !isFolderPath(path)) return read(openFiles(source, options));
  for (let tries = 1; ; tries++) {
    const { files, changed } = watched(folderFiles(path));
    const outcome = await read(files).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const stopped = "error" in outcome && outcome.error instanceof AbortError;
    if (stopped || !(await changed())) {
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    }
    if ("value" in outcome) discard(outcome.value);
    if (tries === READS) throw new DataError(`${path}: the files keep changing while they are read`);
    await new Promise((resolve) => setTimeout(resolve, 5 * tries * Math.random()));
  }
}

/** Maximum number of attempts to read a folder that is saved to. */
const READS = 50;

/** Records the version of each file when it is first requested. */
function watched(files: FolderFiles): { files: Files; changed(): Promise<boolean> } {
  const seen = new Map<string, Promise<string | undefined>>();
  const note = async (file: string) => {
    if (!seen.has(file)) seen.set(file, files.stamp(file));
    await seen.get(file);
  };
  const noting =
    <A extends unknown[], R>(ask: (file: string, ...rest: A) => Promise<R>) =>
    async (file: string, ...rest: A): Promise<R> => {
      await note(file);
      return ask(file, ...rest);
    };
  return {
    files: {
      ...{ name: files.name, list: files.list, has: noting(files.has), size: noting(files.size) },
      ...{ read: noting(files.read), readRange: noting(files.readRange) },
    },
    async changed() {
      for (const [file, stamp] of seen) if ((await files.stamp(file)) !== (await stamp)) return true;
      return false;
    },
  };
}
