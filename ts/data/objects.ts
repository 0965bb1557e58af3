import { DataError } from "../errors.js";
import { lineEnds, readWhole, splitLines, type TextBlock } from "./text.js";
import { kind } from "./values.js";

/** One JSON object of a file, and the line it begins on. */
export interface JsonRow {
  readonly object: Readonly<Record<string, unknown>>;
  readonly line: number;
}

/** Objects of a JSON Lines file: one per line; blank lines are skipped. */
export async function* readJsonLines(name: string, blocks: AsyncIterable<TextBlock>): AsyncGenerator<JsonRow> {
  for await (const block of blocks) {
    let line = block.line;
    for (const text of splitLines(block.text)) {
      if (text.trim() !== "") yield { object: asObject(`${name}:${line}`, parseLine(`${name}:${line}`, text)), line };
      line++;
    }
  }
}

/** Objects of a JSON file, which must be an array of objects. */
export async function* readJsonArray(name: string, blocks: AsyncIterable<TextBlock>): AsyncGenerator<JsonRow> {
  const text = await readWhole(name, blocks);
  if (text.trim() === "") throw new DataError(`${name} is empty`);
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch (error) {
    throw new DataError(
      `${name}:${errorLine(text, error as SyntaxError)}: broken JSON: ${plain(error as SyntaxError)}`,
    );
  }
  if (!Array.isArray(items)) throw new DataError(`${name}:1: ${kind(items)}, not an array of objects`);
  const lines = itemLines(text);
  for (const item of items as unknown[]) {
    const line = lines.next().value as number;
    yield { object: asObject(`${name}:${line}`, item), line };
  }
}

function parseLine(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where}: broken JSON: ${plain(error as SyntaxError)}`);
  }
}

function asObject(where: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DataError(`${where}: ${kind(value)}, not an object`);
}

/** The JavaScript engine's message, without the part of the file that it quotes. */
const plain = (error: SyntaxError): string =>
  error.message.replace(/,? ("|\.\.\.)[\s\S]* is not valid JSON$/, "").replace(/\s+/g, " ");

/** The line of a syntax error: engines name the position, unless the text ends too early. */
function errorLine(text: string, error: SyntaxError): number {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  const before = position === undefined ? text.trimEnd() : text.slice(0, Number(position));
  return 1 + lineEnds(before);
}

/** The first line of each item of an array; the text has been parsed, so only strings and depth matter. */
function* itemLines(text: string): Generator<number> {
  let [line, depth, inString, begun] = [1, 0, false, false];
  for (let at = 0; at < text.length; at++) {
    const c = text[at]!;
    if (c === "\n") line++;
    else if (inString) {
      if (c === "\\") at++;
      else if (c === '"') inString = false;
    } else if (c === "," && depth === 1) begun = false;
    else if (!/\s/.test(c)) {
      if (depth === 1 && !begun && c !== "]") {
        begun = true;
        yield line;
      }
      if (c === '"') inString = true;
      else if (c === "{" || c === "[") depth++;
      else if (c === "}" || c === "]") depth--;
    }
  }
}
