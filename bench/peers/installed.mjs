// What bench/package.json names, and what of it is there.
import { readFileSync } from "node:fs";

/** @param {string} path relative to bench/ */
const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));

/** The packages, with the versions they are pinned to. @type {Record<string, string>} */
export const wanted = read("package.json").dependencies;

/**
 * The version that is installed, or undefined.
 * @param {string} name
 */
export function installedVersion(name) {
  try {
    return read(`node_modules/${name}/package.json`).version;
  } catch {
    return undefined;
  }
}

/** @param {string} name */
export const notInstalled = (name) => (installedVersion(name) ? undefined : `${name} is not installed`);
