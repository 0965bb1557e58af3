// Sources that no registry has: files that the user names.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Reads rows of the mails that `examples/spam` prepares.
 * @param {string} folder
 * @param {string} part
 * @returns {string[]} a text per mail
 */
export function mailTexts(folder, part) {
  const rows = readFileSync(join(folder, `${part}.jsonl`), "utf8").split("\n");
  return rows.filter((row) => row !== "").map((row) => JSON.parse(row).text);
}

/**
 * Reads paragraphs of WikiText, with the spaces around signs as people write them. Headings go.
 * @param {string} file
 */
export function wikiText(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => !/^\s*(=.*=)?\s*$/.test(line) && !line.includes("<unk>")).map(joined);
}

/** @param {string} line */
const joined = (line) =>
  line
    .replaceAll(/ @(.)@ /g, "$1")
    .replaceAll(/ ([,.;:!?%)\]]|'(?:s|re|ve|ll|d|m|t)\b|n't\b)/g, "$1")
    .replaceAll(/([([$£]) /g, "$1")
    .replaceAll(/" ([^"]*?) "/g, '"$1"')
    .replaceAll(/\s'\s([^']*?)\s'/g, " '$1'");
