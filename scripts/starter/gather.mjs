// Gathers lines of many sources into one text.
import { createHash } from "node:crypto";
import { holdOut } from "./heldOut.mjs";
import { shuffled } from "./order.mjs";
import { cleanLines } from "./sentences.mjs";

/** @typedef {import("./archive.mjs").Archive} Archive */
/** @typedef {import("./sources.mjs").Source} Source */

/**
 * Text that a file of the user has.
 * @typedef {{ kind: string, license: string, paragraphs: string[] }} Given
 */

/**
 * What `sources.json` says about a kind of text: where it is from, how many lines were found, and how many were kept.
 * @typedef {{ kind: string, from: object, found: number, kept: number }} Count
 */

/** The shortest line in words, where a reading does not say another, and the longest. */
const LEAST_WORDS = 5;
const MOST_WORDS = 40;

/**
 * Reads, cleans and mixes the sources. A line comes once, from the first source that has it; its place hangs on its own hash.
 * @param {object} parts
 * @param {Source[]} parts.sources
 * @param {(source: Source) => Promise<Archive>} parts.open
 * @param {Given[]} parts.given
 * @param {string[]} parts.heldOut texts of which no part may come
 * @returns {Promise<{ lines: string[], counts: Count[], sha256: string }>} `sha256` of `textOf(lines)`
 */
export async function gather({ sources, open, given, heldOut }) {
  /** @type {Set<string>} */
  const seen = new Set();
  const isHeldOut = holdOut(heldOut);
  /** @type {string[]} */
  const lines = [];
  /** @type {Count[]} */
  const counts = [];
  /** @type {(part: { kind: string, from: object, paragraphs: string[], least?: number, limit?: number }) => void} */
  const add = ({ kind, from, paragraphs, least = LEAST_WORDS, limit = Number.POSITIVE_INFINITY }) => {
    const found = cleanLines(paragraphs, { seen, isHeldOut, least, most: MOST_WORDS });
    const kept = found.length > limit ? shuffled(found, String).slice(0, limit) : found;
    counts.push({ kind, from, found: found.length, kept: kept.length });
    for (const line of kept) lines.push(line);
  };
  for (const source of sources) {
    const archive = await open(source);
    const { client, name, version, integrity, license, says } = source;
    const from = { client, name, version, integrity, license, says };
    for (const { read, ...reading } of source.readings) add({ ...reading, from, paragraphs: await read(archive) });
  }
  for (const { license, ...text } of given) add({ ...text, from: { license } });
  const mixed = shuffled(lines, String);
  return { lines: mixed, counts, sha256: createHash("sha256").update(textOf(mixed)).digest("hex") };
}

/**
 * Joins lines to what is written.
 * @param {string[]} lines
 */
export function textOf(lines) {
  return lines.map((line) => `${line}\n`).join("");
}
