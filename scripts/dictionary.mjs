// The dictionary of Chinese words, from the sources of the crate jieba-rs, as a separate file that is loaded when a
// tokenizer needs it.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { capture } from "./processes.mjs";
import { TARGET } from "./rust.mjs";
import { Stop } from "./say.mjs";

/** The byte of a gzip header that names the operating system. */
const SYSTEM = 9;

/**
 * Writes words with their frequencies, one per line, sorted by bytes, compressed; reproducible on every system.
 * @param {string} file
 * @param {import("./processes.mjs").Environment} env finds cargo
 * @throws {Stop} if cargo does not know the crate
 */
export function writeDictionary(file, env) {
  const words = readFileSync(sourceOf(env), "utf8").split("\n").filter(Boolean);
  // Drops the third column, parts of speech, which segmentation does not use: a tenth of the size.
  const lines = words.map((line) => Buffer.from(`${line.split(" ", 2).join(" ")}\n`));
  const zipped = gzipSync(Buffer.concat(lines.sort(Buffer.compare)), { level: 9 });
  zipped[SYSTEM] = 255; // unknown
  writeFileSync(file, zipped);
}

/** @param {import("./processes.mjs").Environment} env */
function sourceOf(env) {
  const args = ["metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET];
  const { ok, stdout, output } = capture("cargo", args, { env });
  if (!ok) throw new Stop(`${output}\n\ncargo metadata failed`);
  /** @type {{ packages: { name: string, manifest_path: string }[] }} */
  const { packages } = JSON.parse(stdout);
  const found = packages.find(({ name }) => name === "jieba-rs");
  if (!found) throw new Stop("cargo metadata does not list the crate jieba-rs, whose dictionary is needed");
  return join(dirname(found.manifest_path), "src/data/dict.txt");
}
