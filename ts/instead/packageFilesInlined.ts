import { files } from "inlined";
import { type Inlined, inflate } from "../platform/inlined.js";
import type { PackageFile } from "../platform/packageFiles.js";

/** What stands for `packageFiles.ts` in the inlined build. */
export const packageFiles: Record<string, () => PackageFile> = {
  dictionary: () => {
    throw new Error("the inlined build does not have it: import roformer instead of roformer/inline");
  },
};

/** Given to the workers of sessions, which have none themselves. */
export const inlined: Inlined | undefined = files;

/** Takes files as a worker is given them. */
export function takeInlined(given: Inlined): void {
  for (const [name, text] of Object.entries(given)) packageFiles[name] = () => inflate(text);
}

takeInlined(files);
