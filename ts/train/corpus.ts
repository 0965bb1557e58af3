import { type FileOptions, readRows } from "../data/rows.js";
import { type DataSource, readBytes, sourceName } from "../data/source.js";
import { readText, unixLines } from "../data/text.js";
import { textOf } from "../data/values.js";
import { DataError } from "../errors.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** Running text, and how it is read. */
export interface CorpusOptions extends FileOptions {
  /** Text files are taken as they stand, line ends included (as LF); of other formats one column's texts, with a line between. */
  readonly data: DataSource | readonly DataSource[];
  /** The column, for formats that have some. Default: `text`. */
  readonly text?: string | undefined;
}

/** Characters of all text together: about the longest string of V8 and other engines, 2^29 − 24. */
const MOST = 2 ** 29 - 32;

/** All text of `data`, one file behind the other. Errors: DataError for files without text, and for too much of it. */
export async function readCorpus(options: CorpusOptions): Promise<string> {
  const { data } = options;
  const sources = Array.isArray(data) ? (data as readonly DataSource[]) : [data as DataSource];
  if (sources.length === 0 || sources.includes(undefined as never))
    throw new DataError("data is missing: running text, as paths or bytes with a name");
  const parts: string[] = [];
  let length = 0;
  for (const source of sources) {
    for await (const part of textsOf(source, options)) {
      parts.push(part);
      length += part.length;
      if (length > MOST)
        throw new DataError(`${sourceName(source)}: more than ${MOST} characters in all: use a part of the text`);
    }
  }
  const all = parts.join("");
  if (all.trim() === "") throw new DataError(`${sources.map(sourceName).join(", ")}: there is no text`);
  return all;
}

/** A file's text in parts. */
async function* textsOf(source: DataSource, options: CorpusOptions): AsyncGenerator<string> {
  const { text: column = "text", format, quoted, separator } = options;
  const name = sourceName(source);
  const kind = format ?? (typeof source === "string" ? undefined : source.format);
  if (kind === "txt" || (kind === undefined && !/\.(csv|tsv|jsonl?|ndjson|parquet)(\.gz)?$/i.test(name))) {
    for await (const { text } of readText(name, readBytes(source))) yield unixLines(text);
    return;
  }
  for await (const row of readRows(source, { columns: [column], format, quoted, separator }))
    yield `${textOf(row, column)}\n\n`;
}

/** Characters that are encoded at once: no piece of any tokenizer for running text is nearly as long. */
const CHUNK = 4096;

/** Ids of running text, without special tokens. Long texts are cut at ends of lines where there are some. */
export function encodeCorpus(tokenizer: Tokenizer, text: string): Int32Array {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const line = text.lastIndexOf("\n", at + CHUNK);
    let end = Math.min(text.length, line > at ? line + 1 : at + CHUNK);
    // Not between the halves of a character.
    if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1]!)) end++;
    chunks.push(text.slice(at, end));
    at = end;
  }
  return tokenizer.encodeBatch(chunks, { addSpecialTokens: false }).ids;
}

/** Text to train on, and text held out: the last `share` of it, from a character boundary on. */
export function holdOut(text: string, share: number): { train: string; valid: string } {
  const cut = Math.floor(text.length * (1 - share));
  const at = /[\udc00-\udfff]/.test(text[cut] ?? "") ? cut + 1 : cut;
  return { train: text.slice(0, at), valid: text.slice(at) };
}
