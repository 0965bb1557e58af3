// The labelled sets that the starter is measured on.
import { shuffled } from "./order.mjs";
import { ratedSnippets, synsets } from "./readers.mjs";
import { keyOf, tidy } from "./sentences.mjs";
import { SNIPPETS, WORDNET } from "./sources.mjs";

/** @typedef {import("./archive.mjs").Archive} Archive */
/** @typedef {{ text: string, label: string }} Row */

/**
 * @typedef {object} LabelledSet
 * @property {string} name
 * @property {import("./sources.mjs").Source} source
 * @property {(archive: Archive) => Promise<Row[]>} read
 */

/** Ratings nearer to 0 say that a sentence is neutral, or that people disagree. */
const LEAST_RATING = 0.5;

/** Topics of nouns in WordNet by their number; the others are small or vague. */
const TOPICS = new Map([
  [4, "act"],
  [5, "animal"],
  [6, "artifact"],
  [7, "attribute"],
  [8, "body"],
  [9, "cognition"],
  [10, "communication"],
  [11, "event"],
  [13, "food"],
  [14, "group"],
  [15, "location"],
  [18, "person"],
  [20, "plant"],
  [21, "possession"],
  [26, "state"],
  [27, "substance"],
  [28, "time"],
]);
const ROWS_PER_TOPIC = 180;
const TRAIN_ROWS = 1_000;
const MOST_TEST_ROWS = 2_000;

/** @type {LabelledSet[]} */
export const SETS = [
  { name: "reviews", source: SNIPPETS, read: reviews },
  { name: "definitions", source: WORDNET, read: topics },
];

/**
 * Reads sentences of product reviews as positive or negative.
 * @param {Archive} archive
 */
async function reviews(archive) {
  const snippets = await ratedSnippets(archive, "amazonReviewSnippets_GroundTruth.txt");
  return snippets
    .filter(({ rating }) => Math.abs(rating) >= LEAST_RATING)
    .map(({ rating, text }) => ({ text: tidy(text), label: rating > 0 ? "positive" : "negative" }));
}

/**
 * Reads definitions of nouns, of every topic equally many at most.
 * @param {Archive} archive
 */
async function topics(archive) {
  const nouns = await synsets(archive, ["noun"]);
  return [...TOPICS].flatMap(([number, label]) => {
    const own = nouns.filter(({ topic, definition }) => topic === number && definition.split(" ").length >= 6);
    const rows = own.map(({ definition }) => ({ text: tidy(definition), label }));
    return shuffled(rows, ({ text }) => text).slice(0, ROWS_PER_TOPIC);
  });
}

/**
 * Splits rows by the hashes of their texts. Texts that differ in case, digits, signs and white space alone come once; those that have
 * different labels are left out.
 * @param {Row[]} rows
 * @returns {{ train: Row[], test: Row[] }}
 */
export function splitRows(rows) {
  /** @type {Map<string, Row[]>} */
  const copies = new Map();
  for (const row of rows) copies.set(keyOf(row.text), [...(copies.get(keyOf(row.text)) ?? []), row]);
  const distinct = [...copies.values()].flatMap(([first, ...others]) =>
    first && others.every(({ label }) => label === first.label) ? [first] : [],
  );
  const ordered = shuffled(distinct, ({ text }) => keyOf(text));
  return { train: ordered.slice(0, TRAIN_ROWS), test: ordered.slice(TRAIN_ROWS, TRAIN_ROWS + MOST_TEST_ROWS) };
}
