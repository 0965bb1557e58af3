import { ConfigError } from "../errors.js";
import { firstQuoted } from "./delimited.js";
import type { TextBlock } from "./text.js";

/** Separators of csv files: the first one that occurs in the header outside quotes. */
const SEPARATORS = [",", "\t", ";"];

/** Checks the `separator` option. */
export function checkSeparator(separator: unknown): void {
  if (separator === undefined) return;
  if (typeof separator !== "string" || separator.length !== 1 || /["\r\n\ufeff]/.test(separator))
    throw new ConfigError(
      `separator is ${JSON.stringify(separator)}, not one character other than a quote, a line break or a byte-order mark`,
    );
}

/**
 * The separator of a csv file, and its blocks: a comma, unless the header has no comma outside quotes and a tab or else a semicolon separates
 * it into names that include all `columns`.
 */
export async function findSeparator(
  blocks: AsyncIterable<TextBlock>,
  columns: readonly string[] = [],
): Promise<{ separator: string; blocks: AsyncIterable<TextBlock> }> {
  const iterator = blocks[Symbol.asyncIterator]();
  const read: TextBlock[] = [];
  const header = new Header();
  while (!header.isComplete) {
    const { done, value } = await iterator.next();
    if (done) break;
    read.push(value);
    header.add(value.text);
  }
  const found = SEPARATORS.find((separator) => header.separators.has(separator)) ?? ",";
  const names = found === "," ? undefined : namesOf(header.text, found);
  const separator = names && columns.every((column) => names.has(column)) ? found : ",";
  return { separator, blocks: joined(read, iterator) };
}

/** The first row of a text in parts, and the separators that it has outside quotes. */
class Header {
  text = "";
  isComplete = false;
  readonly separators = new Set<string>();
  #inQuotes = false;
  #before = "";

  add(part: string): void {
    let at = 0;
    for (; at < part.length && !this.isComplete; at++) this.#take(part[at]!);
    this.text += part.slice(0, at);
  }

  #take(c: string): void {
    if (this.#inQuotes) {
      if (c === '"') this.#inQuotes = false;
    } else if (c === '"') {
      // At the beginning of a field, or as the second of a doubled quote.
      this.#inQuotes = this.#before === "" || this.#before === '"' || SEPARATORS.includes(this.#before);
    } else if (c === "\n" || c === "\r") {
      this.isComplete = this.#before !== "";
    } else if (SEPARATORS.includes(c)) this.separators.add(c);
    this.#before = c === "\n" || c === "\r" ? (this.#inQuotes ? c : "") : c;
  }
}

function namesOf(header: string, separator: string): Set<string> | undefined {
  try {
    return new Set(firstQuoted(header, separator)?.map((name) => name.trim()));
  } catch {
    return undefined;
  }
}

async function* joined(read: readonly TextBlock[], rest: AsyncIterator<TextBlock>): AsyncGenerator<TextBlock> {
  try {
    yield* read;
    for (;;) {
      const { done, value } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}
