// Readers of the sources: what an archive says, paragraph by paragraph, in an order that is always the same.
import { parse } from "yaml";
import { archiveOf } from "./archive.mjs";

/** @typedef {import("./archive.mjs").Archive} Archive */

/**
 * Reads the definitions and example sentences of WordNet.
 * @param {Archive} archive
 */
export async function definitions(archive) {
  return (await synsets(archive)).flatMap(({ definition, examples }) => [definition, ...examples]);
}

/**
 * Reads the entries of WordNet that have two words or more, without the Latin names of animals and plants.
 * @param {Archive} archive
 */
export async function phrases(archive) {
  const scientific = /^(genus|(sub|super)?(family|order|class|phylum|division|tribe)) [A-Z]|^[A-Z][a-z]+ [a-z]+$/;
  const words = (await synsets(archive)).flatMap((synset) => synset.words);
  return words.filter((word) => word.includes(" ") && !scientific.test(word));
}

/**
 * Reads the synsets of WordNet: its sets of words with one meaning.
 * @param {Archive} archive
 * @param {string[]} [parts] of speech
 */
export async function synsets(archive, parts = ["noun", "verb", "adj", "adv"]) {
  const files = await Promise.all(parts.map((part) => archive.text(`package/dict/data.${part}`)));
  return files.flatMap((file) => file.split("\n").flatMap((line) => synsetOf(line) ?? []));
}

/**
 * Reads a line of WordNet's data files: its words, the number of its topic, its definition, and the examples of use, which stand
 * in quotation marks behind it. The lines of the license are undefined.
 * @param {string} line
 */
function synsetOf(line) {
  const bar = line.indexOf("|");
  if (!/^\d{8} /.test(line) || bar < 0) return undefined;
  const fields = line.slice(0, bar).split(" ");
  const count = Number.parseInt(fields[3] ?? "", 16);
  const words = Array.from({ length: count }, (_, i) => (fields[4 + 2 * i] ?? "").replace(/\(\w+\)$/, ""));
  const gloss = line.slice(bar + 1).trim();
  return {
    words: words.map((word) => word.replaceAll("_", " ")),
    topic: Number(fields[1]),
    definition: gloss
      .replace(/;?\s*".*$/, "")
      .replace(/^\([^)]*\) /, "")
      .trim(),
    examples: [...gloss.matchAll(/"([^"]+)"/g)].map(([, example]) => example ?? ""),
  };
}

/**
 * Reads the messages of a collection of conversations.
 * @param {Archive} archive
 */
export async function chats(archive) {
  /** @type {Record<string, { messages: { text: string }[][] }>} */
  const conversations = JSON.parse(await archive.text("chitchat_dataset/dataset.json"));
  return Object.values(conversations).flatMap(({ messages }) => messages.flat().map(({ text }) => text));
}

/**
 * Reads addresses: text files named after their year.
 * @param {Archive} archive
 * @param {{ since: number }} years
 */
export async function addresses(archive, { since }) {
  const names = archive.names.filter((name) => Number(/\/(\d{4})_[^/]*\.txt$/.exec(name)?.[1] ?? 0) >= since);
  const texts = await Promise.all(names.map((name) => archive.text(name)));
  // Between some paragraphs there is nothing, not even a space.
  return texts.flatMap((text) => text.replaceAll(/([a-z][.?!]["”]?)(?=[A-Z])/g, "$1\n").split("\n"));
}

/**
 * Reads a novel: a JSON file per chapter.
 * @param {Archive} archive
 */
export async function chapters(archive) {
  const texts = await stringsOf(archive, /\/chapter_\d+\.json$/);
  return texts.flatMap((text) => text.split(/\n\s*\n/));
}

/**
 * Reads facts about countries: a JSON file per country, with semicolons between the facts of a field.
 * @param {Archive} archive
 */
export async function countries(archive) {
  const texts = await stringsOf(archive, /^package\/[^/]+\/\w\w\.json$/);
  return texts.flatMap((text) => text.split(/;\s|\s\+\+\s/));
}

/**
 * Reads snippets that people rated from -4 (negative) to 4 (positive): the mean of their ratings and the text, in a tarball inside
 * the archive.
 * @param {Archive} archive
 * @param {string} file
 * @returns {Promise<{ rating: number, text: string }[]>}
 */
export async function ratedSnippets(archive, file) {
  const inner = archive.names.find((name) => name.endsWith("/hutto_ICWSM_2014.tar.gz")) ?? "hutto_ICWSM_2014.tar.gz";
  const snippets = await archiveOf(inner, await archive.bytes(inner));
  const lines = (await snippets.text(`hutto_ICWSM_2014/${file}`)).split(/\r?\n/);
  return lines.flatMap((line) => {
    const [, rating, text] = line.split("\t");
    return text ? [{ rating: Number(rating), text }] : [];
  });
}

/**
 * Reads questions and answers: a YAML file per topic.
 * @param {Archive} archive
 */
export async function dialogs(archive) {
  const names = archive.names.filter((name) => /\/english\/\w+\.yml$/.test(name));
  const files = await Promise.all(names.map(async (name) => parse(await archive.text(name))));
  return files.flatMap(({ conversations }) => stringsIn(conversations));
}

/**
 * @param {Archive} archive
 * @param {RegExp} pattern of the names of JSON files
 */
async function stringsOf(archive, pattern) {
  const names = archive.names.filter((name) => pattern.test(name));
  const files = await Promise.all(names.map((name) => archive.text(name)));
  return files.flatMap((file) => stringsIn(JSON.parse(file)));
}

/**
 * @param {unknown} value as JSON has them
 * @returns {string[]} all strings in it, in their order
 */
function stringsIn(value) {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(stringsIn) : [];
}
