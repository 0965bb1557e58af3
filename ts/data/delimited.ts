import Papa from "papaparse";
import { DataError } from "../errors.js";
import { LONGEST, newlines, type TextBlock } from "./text.js";

/** The fields of one row, and the line it begins on. */
export interface Fields {
  readonly fields: readonly string[];
  readonly line: number;
}

/** Rows of a file whose fields are parted by tabs, where quotes are characters like all others (GLUE's layout). */
export async function* readTabbed(blocks: AsyncIterable<TextBlock>): AsyncGenerator<Fields> {
  for await (const block of blocks) {
    let line = block.line;
    for (const text of splitLines(block.text)) {
      if (text !== "") yield { fields: text.split("\t"), line };
      line++;
    }
  }
}

/** Lines of a block, without their ends. */
export function splitLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/**
 * Rows of a file whose fields may be quoted, as RFC 4180 has it: a quoted field may hold delimiters, line ends and doubled
 * quotes. A quote that stays open, or text after a closing one, is a DataError that names the line.
 */
export async function* readQuoted(
  name: string,
  blocks: AsyncIterable<TextBlock>,
  delimiter: string,
): AsyncGenerator<Fields> {
  let rest: TextBlock = { text: "", line: 1 };
  let enough = 0;
  for await (const block of blocks) {
    rest = { text: rest.text + block.text, line: rest.text === "" ? block.line : rest.line };
    if (rest.text.length > LONGEST) throw quoteError(`${name}:${rest.line}`, "MissingQuotes");
    // A row that does not end would be parsed with every block again, so each try waits for twice the text.
    if (rest.text.length < enough) continue;
    const parsed = parse(name, rest, delimiter, false);
    yield* parsed.rows;
    rest = parsed.rest;
    enough = 2 * rest.text.length;
  }
  yield* parse(name, rest, delimiter, true).rows;
}

/** The rows of a text; without `last`, a row whose quote is open is the rest, as it may go on in the next block. */
function parse(name: string, block: TextBlock, delimiter: string, last: boolean): { rows: Fields[]; rest: TextBlock } {
  const { text } = block;
  const rows: Fields[] = [];
  let [from, line] = [0, block.line];
  let rest: TextBlock | undefined;
  Papa.parse<string[]>(text, {
    delimiter,
    newline: "\n",
    step: ({ data, errors, meta }, parser) => {
      const quote = errors.find((error) => error.type === "Quotes");
      if (quote?.code === "MissingQuotes" && !last) {
        rest = { text: text.slice(from), line };
        return parser.abort();
      }
      if (quote) throw quoteError(`${name}:${block.line + newlines(text.slice(0, quote.index))}`, quote.code);
      if (data.length > 1 || data[0] !== "") rows.push({ fields: data, line });
      line += newlines(text.slice(from, meta.cursor));
      from = meta.cursor;
    },
  });
  return { rows, rest: rest ?? { text: "", line } };
}

function quoteError(where: string, code: string): DataError {
  return new DataError(
    `${where}: ${code === "MissingQuotes" ? "a quote is opened and never closed" : "text follows a closing quote"}`,
  );
}
