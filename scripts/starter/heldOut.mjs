// Tells lines that stand in texts that are held out.
import { keyOf, sentencesOf } from "./sentences.mjs";

/** A part of a text of so many letters is known from any place in it; a shorter line, where it is a sentence of its own. */
const WINDOW = 24;

/**
 * @param {readonly string[]} texts
 * @returns {(key: string) => boolean} whether a line with this key is one of their sentences or, if it is not short, any part of
 * a text
 */
export function holdOut(texts) {
  /** @type {Set<string>} */
  const sentences = new Set();
  /** @type {Set<string>} */
  const windows = new Set();
  const wholes = [...new Set(texts.map(keyOf))];
  for (const whole of wholes) {
    for (let i = 0; i + WINDOW <= whole.length; i++) windows.add(whole.slice(i, i + WINDOW));
  }
  for (const text of texts) for (const sentence of sentencesOf(text)) sentences.add(keyOf(sentence));
  return (key) =>
    sentences.has(key) || (windows.has(key.slice(0, WINDOW)) && wholes.some((whole) => whole.includes(key)));
}
