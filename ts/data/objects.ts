import { DataError } from "../errors.js";
import { itemLines } from "./itemLines.js";
import { squadRows, TO_QUESTIONS } from "./squad.js";
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

/**
 * Objects of a JSON file: the items of its array, the questions of a SQuAD file (an object with `data`), or an object per line, as many
 * files of JSON Lines are named.
 */
export async function* readJson(name: string, blocks: AsyncIterable<TextBlock>): AsyncGenerator<JsonRow> {
  const all = blocks[Symbol.asyncIterator]();
  const read: TextBlock[] = [];
  let kind: "lines" | "whole" | undefined;
  while (kind === undefined) {
    const { done, value } = await all.next();
    if (!done) read.push(value);
    kind = kindOf(read.map(({ text }) => text).join("")) ?? (done ? "whole" : undefined);
  }
  const again = async function* () {
    yield* read.splice(0);
    yield* { [Symbol.asyncIterator]: () => all };
  };
  yield* kind === "lines" ? readJsonLines(name, again()) : readWholeJson(name, again());
}

/** Whether a text begins with two lines that have an object each; undefined where more has to be read. */
function kindOf(text: string): "lines" | "whole" | undefined {
  const [first, second] = text.matchAll(/\S[^\n\r]*/g);
  if (first === undefined) return undefined;
  if (!first[0].startsWith("{") || !first[0].trimEnd().endsWith("}")) return "whole";
  if (second === undefined) return undefined;
  try {
    return second[0].startsWith("{") && JSON.parse(first[0]) ? "lines" : "whole";
  } catch {
    return "whole";
  }
}

async function* readWholeJson(name: string, blocks: AsyncIterable<TextBlock>): AsyncGenerator<JsonRow> {
  const { text, root } = await parseWhole(name, blocks);
  if (isObject(root) && Object.hasOwn(root, "data")) return yield* questions(name, text, root);
  if (!Array.isArray(root))
    throw new DataError(`${name}:1: ${kind(root)}, not an array of objects, nor a SQuAD file with data`);
  const lines = itemLines(text);
  for (const item of root as unknown[]) {
    const line = lines.next().value as number;
    yield { object: asObject(`${name}:${line}`, item), line };
  }
}

/** The questions of a SQuAD file. */
export async function* readSquad(name: string, blocks: AsyncIterable<TextBlock>): AsyncGenerator<JsonRow> {
  const { text, root } = await parseWhole(name, blocks);
  if (!isObject(root)) throw new DataError(`${name}: the root is ${kind(root)}; expected an object with data`);
  yield* questions(name, text, root);
}

function* questions(name: string, text: string, root: Readonly<Record<string, unknown>>): Generator<JsonRow> {
  const lines = itemLines(text, TO_QUESTIONS);
  for (const object of squadRows(name, root)) yield { object, line: lines.next().value as number };
}

async function parseWhole(name: string, blocks: AsyncIterable<TextBlock>): Promise<{ text: string; root: unknown }> {
  const text = await readWhole(name, blocks);
  if (text.trim() === "") throw new DataError(`${name} is empty`);
  try {
    return { text, root: JSON.parse(text) };
  } catch (error) {
    throw new DataError(
      `${name}:${errorLine(text, error as SyntaxError)}: broken JSON: ${plain(error as SyntaxError)}`,
    );
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
  if (isObject(value)) return value;
  throw new DataError(`${where}: ${kind(value)}, not an object`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The JavaScript engine's message, without the part of the file that it quotes. */
const plain = (error: SyntaxError): string =>
  error.message.replace(/,? ("|\.\.\.)[\s\S]* is not valid JSON$/, "").replace(/\s+/g, " ");

/** The line of a syntax error: engines name the position, unless the text ends too early. */
function errorLine(text: string, error: SyntaxError): number {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  const before = position === undefined ? text.trimEnd() : text.slice(0, Number(position));
  return 1 + lineEnds(before);
}
