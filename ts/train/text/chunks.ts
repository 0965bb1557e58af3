/** Characters that are encoded at once: no piece of any tokenizer for running text is nearly as long. */
const CHUNK = 4096;

/** Cuts a text that comes in pieces for a tokenizer, at ends of lines where there are some: the same wherever the pieces end. */
export class Chunks {
  #rest = "";

  /** The chunks that are whole with another piece of the text. */
  *add(text: string): Generator<string> {
    const all = this.#rest + text;
    let at = 0;
    // One unit more than a chunk tells whether it would end within a character.
    while (all.length - at > CHUNK + 1) {
      const end = chunkEnd(all, at);
      yield all.slice(at, end);
      at = end;
    }
    this.#rest = all.slice(at);
  }

  /** The last chunks. */
  *end(): Generator<string> {
    const all = this.#rest;
    this.#rest = "";
    for (let at = 0; at < all.length; ) {
      const end = chunkEnd(all, at);
      yield all.slice(at, end);
      at = end;
    }
  }
}

function chunkEnd(text: string, at: number): number {
  const line = text.lastIndexOf("\n", at + CHUNK);
  const end = Math.min(text.length, line > at ? line + 1 : at + CHUNK);
  // Not between the halves of a character.
  return end < text.length && /[\ud800-\udbff]/.test(text[end - 1]!) ? end + 1 : end;
}
