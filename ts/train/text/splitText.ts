import type { Piece } from "./documents.js";

/** The most of a text that is held out where nothing else is said: UTF-16 units, about 260,000 characters. */
const MOST_HELD = 2 ** 18;
const SHARE = 0.05;

/** Where the held-out part of a text begins: its last twentieth, at most {@link MOST_HELD} units. */
export const holdOut = (units: number): number => Math.max(Math.floor(units * (1 - SHARE)), units - MOST_HELD);

/** Text before and behind a position in UTF-16 units, which moves behind the half of a character. A document is cut there. */
export async function* cutAt(
  pieces: AsyncIterable<Piece>,
  cut: number,
): AsyncGenerator<Piece & { readonly isHeld: boolean }> {
  let at = 0;
  for await (const { text, ends } of pieces) {
    const room = cut - at;
    at += text.length;
    if (room <= 0) yield { text, ends, isHeld: true };
    else if (room >= text.length) yield { text, ends, isHeld: false };
    else {
      const border = /[\udc00-\udfff]/.test(text[room]!) ? room + 1 : room;
      yield { text: text.slice(0, border), ends: true, isHeld: false };
      yield { text: text.slice(border), ends, isHeld: true };
    }
  }
}
