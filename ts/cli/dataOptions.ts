import { addAbortSignal } from "node:stream";
import { InvalidArgumentError } from "commander";
import type { DataSource } from "../data/source.js";
import { AbortError } from "../errors.js";
import { flag, type OptionSpec, oneOf, text } from "./option.js";

/** Formats of data files, by extension. */
const formats = ["csv", "tsv", "jsonl", "json", "txt"];

/** Options of commands that read labeled texts. */
export const columnOptions: readonly OptionSpec[] = [
  { flags: "--text <column>", help: "column of the texts", parse: text },
  { flags: "--text-pair <column>", help: "column of second texts, for pairs", parse: text },
  { flags: "--label <column>", help: "column of the labels", parse: text },
];

/** How files are read (`FileOptions`). */
export const fileOptions: readonly OptionSpec[] = [
  {
    flags: "--format <name>",
    help: `format of the files (default: by extension): ${formats.join(", ")}`,
    parse: oneOf(formats),
  },
  {
    flags: "--separator <character>",
    help: 'character between fields: , ; | or tab (default: tab for tsv; for csv as the header says, "," before tab and ";")',
    parse: character,
  },
  {
    flags: "--quoted",
    help: "read quoted fields in tsv files too (default: quotes in tsv are plain characters)",
    parse: flag,
    isFlag: true,
  },
];

/** The option for multi-label models. */
export const labelSeparatorOption: OptionSpec = {
  flags: "--label-separator <text>",
  help: "separates the labels of a text, for multi-label models (default: the column contains JSON lists)",
  parse: text,
};

function character(value: unknown): string {
  if (value === "tab" || value === "\\t") return "\t";
  if (typeof value === "string" && value.length === 1 && !/["\r\n]/.test(value)) return value;
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not one character or "tab".`);
}

/** A file by its path; `-` is standard input, which is csv by default. */
export function dataSource(path: string, signal: AbortSignal): DataSource {
  return path === "-" ? { name: "standard input", bytes: standardInput(signal), format: "csv" } : path;
}

/** Standard input until Ctrl-C: it may be a terminal, or a program that never ends. */
async function* standardInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* addAbortSignal(signal, process.stdin);
  } catch (error) {
    throw signal.aborted ? new AbortError("interrupted while standard input was read", { cause: error }) : error;
  }
}
