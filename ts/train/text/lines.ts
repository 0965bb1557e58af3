import type { Piece } from "./documents.js";

/** Units of a line that are waited for: of a longer one the part up to its last space is a line. */
const LONGEST = 2 ** 20;

/** The lines of a text that comes in pieces, without their ends. */
export async function* linesOf(pieces: AsyncIterable<Piece>): AsyncGenerator<string> {
  let rest = "";
  for await (const { text, ends } of pieces) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
    if (rest.length > LONGEST) {
      const border = rest.lastIndexOf(" ");
      const cut = border > 0 ? border : rest.length;
      yield rest.slice(0, cut);
      rest = rest.slice(cut);
    }
    if (!ends || rest === "") continue;
    yield rest;
    rest = "";
  }
  if (rest !== "") yield rest;
}

/** The characters of a text, each once. */
export async function charactersOf(pieces: AsyncIterable<Piece>): Promise<string[]> {
  const seen = new Uint8Array(0x110000);
  let half = ""; // of a character whose other half follows
  for await (const { text } of pieces) {
    const all = half + text;
    half = /[\ud800-\udbff]$/.test(all) ? all.slice(-1) : "";
    const end = all.length - half.length;
    for (let at = 0; at < end; at++) {
      const code = all.codePointAt(at)!;
      if (code > 0xffff) at++;
      seen[code] = 1;
    }
  }
  if (half !== "") seen[half.charCodeAt(0)] = 1;
  const found: string[] = [];
  for (const [code, isSeen] of seen.entries()) if (isSeen) found.push(String.fromCodePoint(code));
  return found;
}
