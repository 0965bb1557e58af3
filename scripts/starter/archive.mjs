// The files inside a package: a tarball of npm or PyPI, or a wheel.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { unzip } from "unzipit";
import { Stop } from "../say.mjs";

/**
 * The files of an archive by path.
 * @typedef {object} Archive
 * @property {string[]} names all paths, sorted
 * @property {(name: string) => Promise<Uint8Array>} bytes the content of a file
 * @property {(name: string) => Promise<string>} text the content of a UTF-8 file
 */

/**
 * Opens a `.tgz`, `.tar.gz`, `.zip` or `.whl` file.
 * @param {string} file
 * @returns {Promise<Archive>}
 */
export function openArchive(file) {
  return archiveOf(file, readFileSync(file));
}

/**
 * Opens an archive that is in memory, for example one inside another.
 * @param {string} name tells the format by its ending, and is named in messages
 * @param {Uint8Array} bytes
 * @returns {Promise<Archive>}
 */
export async function archiveOf(name, bytes) {
  const files = /\.(zip|whl)$/.test(name) ? await zipped(bytes) : await tarred(bytes);
  /** @param {string} path */
  const content = async (path) => {
    const read = files.get(path);
    if (!read) throw new Stop(`${name} does not contain ${path}`);
    return read();
  };
  return {
    names: [...files.keys()].sort(),
    bytes: content,
    text: async (path) => new TextDecoder("utf-8", { fatal: true }).decode(await content(path)),
  };
}

/** @typedef {Map<string, () => Uint8Array | Promise<Uint8Array>>} Files */

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<Files>}
 */
async function tarred(bytes) {
  const entries = await unpackTar(new Uint8Array(gunzipSync(bytes)));
  return new Map(
    entries.flatMap(({ header, data }) => (header.type === "file" && data ? [[header.name, () => data]] : [])),
  );
}

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<Files>}
 */
async function zipped(bytes) {
  const { entries } = await unzip(new Uint8Array(bytes));
  const files = Object.values(entries).filter((entry) => !entry.isDirectory);
  return new Map(files.map((entry) => [entry.name, async () => new Uint8Array(await entry.arrayBuffer())]));
}
