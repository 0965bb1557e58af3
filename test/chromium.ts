import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The system's own Chromium: none is downloaded. */
export const executablePath = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
  .find(existsSync);
