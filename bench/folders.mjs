// Where what is made once is kept, outside the checkout.
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configs } from "./models.mjs";

/** The checkout that this bench belongs to. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The package of this checkout. */
export const DIST = join(ROOT, "dist");

/** Models and other commits' builds: some GB, and everything in it can be made again. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "roformer-bench");

/**
 * The folder of a model; another configuration is another folder.
 * @param {keyof typeof configs} name
 */
export function modelFolder(name) {
  const mark = createHash("sha256").update(JSON.stringify(configs[name])).digest("hex").slice(0, 8);
  return join(CACHE, "models", `${name}-${mark}`);
}
