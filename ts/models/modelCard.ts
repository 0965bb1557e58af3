import { crc32c } from "../io/crc32c.js";

/** The file of a model card, as the Hugging Face hub reads it. */
export const CARD = "README.md";

/** The last line of a card that nobody has changed since it was written: it holds a checksum of the lines before. */
const SIGNED =
  /\n<!-- Written by roformer, which replaces this file until somebody edits it \(([0-9a-f]{8})\)\. -->\n*$/;

const checksum = (text: string): string =>
  crc32c(new TextEncoder().encode(text.trimEnd())).toString(16).padStart(8, "0");

/** A card with a last line that {@link isOwnCard} knows. */
export const signed = (card: string): string =>
  `${card.trimEnd()}\n\n<!-- Written by roformer, which replaces this file until somebody edits it (${checksum(card)}). -->\n`;

/** Whether a text is a card as {@link signed} made it: one that was edited is its author's. */
export function isOwnCard(text: string): boolean {
  const plain = text.replaceAll("\r\n", "\n");
  const found = SIGNED.exec(plain);
  return found !== null && found[1] === checksum(plain.slice(0, found.index));
}
