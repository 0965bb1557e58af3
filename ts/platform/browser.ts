/** Replaces `index.ts` in builds for browsers, without Node's part. */
import type { Platform } from "./platform.js";
import { web } from "./web.js";

export type { Inlined } from "./inlined.js";
export { ACTIVE, isOfSaving, isStaleWeight, JOURNAL, type Journal, parseJournal, removes } from "./journal.js";
export { inlined, type PackageFile, packageFiles, takeInlined } from "./packageFiles.js";
export type {
  Content,
  Downloads,
  Hash,
  KeptFile,
  Platform,
  StartedWorker,
  WorkerEnd,
  WorkerSource,
  WriteFolderOptions,
} from "./platform.js";
export { shownAddress, shownUrl } from "./urls.js";

/** The platform of browsers. */
export const platform: Platform = web;
