import { readParquet } from "../../data/parquet.js";
import { type FileOptions, readRows } from "../../data/rows.js";
import { readBytes } from "../../data/source.js";
import { readPieces } from "../../data/text.js";
import { textOf } from "../../data/values.js";
import { DataError } from "../../errors.js";
import type { Input } from "./inputs.js";

/** What a document of a plain text file is, as in Hugging Face's `datasets`. */
export type SampleBy = "document" | "paragraph" | "line";

/** A part of a document. */
export interface Piece {
  readonly text: string;
  /** Whether the document ends behind it. */
  readonly ends: boolean;
}

/** How files are cut into documents. */
export interface DocumentOptions extends Omit<FileOptions, "format"> {
  /** The column, for formats that have some. */
  readonly column: string;
  readonly sampleBy: SampleBy;
  /** Whether what separates documents is part of their texts: line ends of the file, else an empty line. */
  readonly separated: boolean;
}

/** The documents of all inputs, one behind the other, in pieces. Errors: DataError that names the file, and the line. */
export async function* documents(inputs: readonly Input[], options: DocumentOptions): AsyncGenerator<Piece> {
  for (const input of inputs) yield* input.format === "txt" ? plain(input, options) : rows(input, options);
}

async function* rows(input: Input, { column, separated, quoted, separator }: DocumentOptions): AsyncGenerator<Piece> {
  const { random } = input;
  const { format } = input;
  const all =
    format === "parquet"
      ? readParquet(random!, [column])
      : readRows(input.source(), { columns: [column], format, quoted, separator });
  for await (const row of all)
    yield { text: separated ? `${textOf(row, column)}\n\n` : textOf(row, column), ends: true };
}

async function* plain(input: Input, { sampleBy, separated }: DocumentOptions): AsyncGenerator<Piece> {
  let isEmpty = true;
  const pieces = async function* () {
    for await (const { text } of readPieces(input.name, readBytes(input.source()))) {
      isEmpty = false;
      if (text !== "") yield text;
    }
  };
  if (sampleBy === "document") {
    for await (const text of pieces()) yield { text, ends: false };
    yield { text: "", ends: true };
  } else yield* parted(pieces(), sampleBy === "line" ? 1 : 2, separated);
  if (isEmpty) throw new DataError(`${input.name} is empty`);
}

/** Text cut behind each run of at least so many line ends: lines, or paragraphs. A run may go on in the next piece. */
async function* parted(pieces: AsyncIterable<string>, ends: 1 | 2, separated: boolean): AsyncGenerator<Piece> {
  const border = ends === 1 ? /\n+/g : /\n{2,}/g;
  let waiting = ""; // line ends that more may follow
  let isOpen = false;
  for await (const piece of pieces) {
    const all = waiting + piece;
    const text = all.replace(/\n+$/, "");
    waiting = all.slice(text.length);
    let at = 0;
    for (const { 0: run, index } of text.matchAll(border)) {
      yield { text: text.slice(at, separated ? index + run.length : index), ends: true };
      at = index + run.length;
    }
    if (text === "") continue; // line ends alone: what is open stays so
    isOpen = at < text.length;
    if (isOpen) yield { text: text.slice(at), ends: false };
  }
  if (isOpen || (separated && waiting !== "")) yield { text: separated ? waiting : "", ends: true };
}
