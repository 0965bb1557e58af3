import { type Format, readRows } from "../data/rows.js";
import { type DataSource, readBytes, sourceName } from "../data/source.js";
import { readText } from "../data/text.js";
import { DataError } from "../errors.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** Running text, and how it is read. */
export interface CorpusOptions {
  /** Text files are taken as they stand, ends of lines included; of other formats one column's texts, with a line between. */
  readonly data: DataSource | readonly DataSource[];
  /** The column, for formats that have some; `text` unless given. */
  readonly text?: string | undefined;
  /** Format of the files; what the endings of their names tell unless given. */
  readonly format?: Format | undefined;
}

/** All text of `data`, one file behind the other. */
export async function readCorpus({ data, text: column = "text", format }: CorpusOptions): Promise<string> {
  const sources = Array.isArray(data) ? (data as readonly DataSource[]) : [data as DataSource];
  if (sources.length === 0 || sources.includes(undefined as never))
    throw new DataError("data is missing: running text, as paths or bytes with a name");
  const parts: string[] = [];
  for (const source of sources) {
    const name = sourceName(source);
    const kind = format ?? (typeof source === "string" ? undefined : source.format);
    if (kind === "txt" || (kind === undefined && !/\.(csv|tsv|jsonl?|parquet)(\.gz)?$/i.test(name))) {
      for await (const { text } of readText(name, readBytes(source))) parts.push(text);
    } else {
      for await (const { values } of readRows(source, { columns: [column], format }))
        parts.push(`${values[column]}\n\n`);
    }
  }
  const all = parts.join("");
  if (all.trim() === "") throw new DataError(`${sources.map(sourceName).join(", ")}: there is no text`);
  return all;
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
