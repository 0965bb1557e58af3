import { addAbortSignal } from "node:stream";
import type { DataSource } from "../data/source.js";
import { AbortError } from "../errors.js";
import { type OptionSpec, oneOf, text } from "./option.js";

/** Formats of data files, by the ending that means them. */
const formats = ["csv", "tsv", "jsonl", "json", "txt"];

/** Options of commands that read labelled texts. */
export const columnOptions: readonly OptionSpec[] = [
  { flags: "--text <column>", help: "column of the texts", parse: text },
  { flags: "--text-pair <column>", help: "column of second texts, for pairs", parse: text },
  { flags: "--label <column>", help: "column of the labels", parse: text },
];

/** How files are read. */
export const formatOption: OptionSpec = {
  flags: "--format <name>",
  help: `format of the files, if their endings do not tell: ${formats.join(", ")}`,
  parse: oneOf(formats),
};

/** A file by its path; `-` is standard input, which has no ending: csv unless --format says otherwise. */
export function dataSource(path: string, signal: AbortSignal): DataSource {
  return path === "-" ? { name: "standard input", bytes: standardInput(signal), format: "csv" } : path;
}

/** Standard input until Ctrl-C: somebody may sit before it, or a program that never ends. */
async function* standardInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* addAbortSignal(signal, process.stdin);
  } catch (error) {
    throw signal.aborted ? new AbortError("interrupted while standard input was read", { cause: error }) : error;
  }
}
