import { hashOfText, newHash } from "../../io/hashes.js";
import type { Piece } from "./documents.js";

/** What is known of a text after it was read once. */
export interface TextFacts {
  /** SHA-256 of the text and of where its documents end. */
  readonly hash: string;
  /** UTF-16 units. */
  readonly units: number;
  /** Whether there is only white space. */
  readonly isBlank: boolean;
}

/** Units that are hashed together. */
const TOGETHER = 2 ** 18;

/** Reads a text once. */
export async function measure(pieces: AsyncIterable<Piece>): Promise<TextFacts> {
  const [texts, ends] = [new TextHash(), new TextHash()];
  let [units, isBlank, open] = [0, true, 0];
  for await (const { text, ends: isEnd } of pieces) {
    texts.add(text);
    units += text.length;
    open += text.length;
    isBlank &&= text.trim() === "";
    if (!isEnd) continue;
    ends.add(`${open},`);
    open = 0;
  }
  return { hash: await hashOfTexts(await texts.hex(), await ends.hex()), units, isBlank };
}

/** SHA-256 of texts, one behind the other. */
class TextHash {
  readonly #hash = newHash();
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  #units = 0;

  add(text: string): void {
    this.#waiting.push(text);
    this.#units += text.length;
    if (this.#units >= TOGETHER) this.#take();
  }

  #take(): void {
    // A lone half of a character is hashed as U+FFFD, which is what tokenizers read it as.
    this.#hash.update(this.#encoder.encode(this.#waiting.join("")));
    [this.#waiting, this.#units] = [[], 0];
  }

  async hex(): Promise<string> {
    this.#take();
    return this.#hash.hex();
  }
}

/** SHA-256 of some texts in order. */
export const hashOfTexts = (...parts: readonly string[]): Promise<string> => hashOfText(JSON.stringify(parts));
