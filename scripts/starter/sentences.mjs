// From raw text to clean sentences and phrases of English.

/** Words of which almost every English sentence of some length has one. */
const COMMON = new Set(
  (
    "the a an of to and in is it you that he was for on are with as i his they be at this have from or had by but not " +
    "what all were we when your can there each which she do how their if will up about out many then them these so some " +
    "her would him into has my me no our us who its don't it's i'm than been did any just over"
  ).split(" "),
);

/** What stands in addresses, code, tables and decoration. */
const MARKUP = /https?:|www\.|[<>{}|\\^~=#@*]|\.(com|org|net|html?)\b|_\w|\w_|--|\.{4,}|([^\d\s.])\2{3,}/i;

/** A sentence does not end here: titles, initials, and what stands before a number or an example. */
const ABBREVIATION =
  /(?:^|[\s("'“])(?:Mr|Mrs|Ms|Dr|St|Prof|Gen|Col|Capt|Lt|Rev|Hon|hon|Ste|Messrs|vs|cf|e\.g|i\.e|No|[A-Z])\.\s*$/;

/** @type {Record<string, string>} */
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", mdash: "—", ndash: "–", "#39": "'" };

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * Makes one line of a text: decodes entities, drops invisible characters, collapses white space.
 * @param {string} text
 */
export function tidy(text) {
  return text
    .replaceAll(/&(amp|lt|gt|quot|apos|nbsp|mdash|ndash|#39);/g, (_, name) => ENTITIES[name] ?? "")
    .normalize("NFC")
    .replaceAll(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, "")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
}

/**
 * Splits a paragraph into tidy sentences.
 * @param {string} paragraph
 * @returns {string[]}
 */
export function sentencesOf(paragraph) {
  /** @type {string[]} */
  const found = [];
  let open = "";
  for (const { segment } of segmenter.segment(tidy(paragraph))) {
    open += segment;
    if (ABBREVIATION.test(open)) continue;
    found.push(open.trim());
    open = "";
  }
  return open.trim() === "" ? found : [...found, open.trim()];
}

/**
 * Tells whether a tidy line reads as English: mostly letters, without addresses, code and chants, and, from six words on, with one of the
 * words that English cannot do without.
 * @param {string} line
 */
function isEnglish(line) {
  if (MARKUP.test(line)) return false;
  const count = (/** @type {RegExp} */ signs) => line.match(signs)?.length ?? 0;
  const letters = count(/[a-z]/gi);
  const others = count(/[^a-z\s.,;:!?'"‘’“”()–—…-]/gi);
  if (letters < 4 * others || letters < 0.6 * count(/\S/g)) return false;
  if (letters > 12 && count(/[A-Z]/g) > 0.4 * letters) return false;
  const words = line.toLowerCase().split(" ");
  if (words.some((word) => word.length > 25) || 2 * new Set(words).size < words.length) return false;
  return words.length < 6 || words.some((word) => COMMON.has(word.replaceAll(/[^a-z']/g, "")));
}

/**
 * What lines that differ in case, digits, signs and white space alone have in common.
 * @param {string} line
 */
export function keyOf(line) {
  return line.toLowerCase().replaceAll(/[^\p{L}]+/gu, "");
}

/**
 * Finds the sentences of `least` to `most` words that are in English, not held out and not in `seen`, and adds them to `seen`.
 * @param {Iterable<string>} paragraphs
 * @param {{ seen: Set<string>, isHeldOut: (key: string) => boolean, least: number, most: number }} limits `seen` holds keys of lines
 */
export function cleanLines(paragraphs, { seen, isHeldOut, least, most }) {
  /** @type {string[]} */
  const lines = [];
  for (const paragraph of paragraphs) {
    for (const line of sentencesOf(paragraph)) {
      const words = line.split(" ").length;
      if (words < least || words > most || !isEnglish(line)) continue;
      const key = keyOf(line);
      if (seen.has(key) || isHeldOut(key)) continue;
      seen.add(key);
      lines.push(line);
    }
  }
  return lines;
}
