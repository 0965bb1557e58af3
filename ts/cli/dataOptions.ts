import { addAbortSignal } from "node:stream";
import { InvalidArgumentError } from "commander";
import type { Format } from "../data/format.js";
import { glueNames } from "../data/glue.js";
import type { DataSource } from "../data/source.js";
import { AbortError } from "../errors.js";
import { missingColumns } from "../train/tasks/columns.js";
import { TASKS, type TaskName, taskKind } from "../train/tasks/index.js";
import { UsageError } from "./command.js";
import { fieldFlag, flag, type OptionSpec, oneOf, path, text } from "./option.js";

/** Formats of data files, by extension. */
export const formats = ["csv", "tsv", "jsonl", "json", "txt", "conll", "squad", "parquet"];

/** The option for models of several labels per text. */
const labelSeparatorOption: OptionSpec = {
  flags: "--label-separator <text>",
  help: "multilabel: separates the labels of a text (default: the column holds JSON lists)",
  parse: text,
};

/** Options of commands that read labeled rows: what the columns are called. */
export const columnOptions: readonly OptionSpec[] = [
  { flags: "--text <column>", help: "column of the texts", parse: text },
  { flags: "--text-pair <column>", help: "column of second texts, for pairs", parse: text },
  { flags: "--label <column>", help: "column of the labels", parse: text },
  {
    flags: "--label-names <names>",
    help: "classify: names of the classes in order, commas between (default: sorted)",
    parse: columns,
  },
  labelSeparatorOption,
  {
    flags: "--words <column>",
    help: "tag: column of the words, a JSON list or words with spaces between",
    parse: text,
  },
  { flags: "--tags <column>", help: "tag: column of the words' tags, likewise", parse: text },
  { flags: "--question <column>", help: "span: column of the questions (default: question)", parse: text },
  { flags: "--context <column>", help: "span: column of the texts with the answers (default: context)", parse: text },
  {
    flags: "--answers <column>",
    help: "span: column of the answers, as SQuAD has them (default: answers)",
    parse: text,
  },
  { flags: "--choices <columns>", help: "choose: columns of the choices, commas between", parse: columns },
  { flags: "--anchor <column>", help: "pairrank: column of the texts that others are compared with", parse: text },
  { flags: "--positive <column>", help: "pairrank: column of the more similar texts", parse: text },
  { flags: "--negative <column>", help: "pairrank, embed: column of the less similar texts", parse: text },
];

/** The option that names a task. */
export const taskOption: OptionSpec = {
  flags: "--task <name>",
  help: `what to train or score: ${TASKS.join(", ")}`,
  parse: oneOf(TASKS),
};

/** The option that names an official data set. */
export const glueOption: OptionSpec = {
  flags: "--glue <name>",
  help: `a GLUE task in its official files, in the folder --data: ${glueNames.join(", ")}`,
  parse: oneOf(glueNames),
};

/** Options of commands that train on official data sets. */
export const glueOptions: readonly OptionSpec[] = [
  glueOption,
  { flags: "--data <folder>", help: "folder with GLUE's official files, for --glue", parse: path },
];

/** Refuses a call that does not name a column without which the task has nothing to read. */
export function needColumns(command: string, task: TaskName, given: Record<string, unknown>): void {
  const missing = missingColumns(taskKind(task).columns, given);
  if (missing.length > 0)
    throw new UsageError(`${command} needs ${missing.map(fieldFlag).join(", ")} for task ${task}`);
}

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

/** Names of columns with commas between, or a config file's list. */
function columns(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : String(value).split(",");
  return list.map((one) => text(typeof one === "string" ? one.trim() : one));
}

function character(value: unknown): string {
  if (value === "tab" || value === "\\t") return "\t";
  if (typeof value === "string" && value.length === 1 && !/["\r\n]/.test(value)) return value;
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not one character or "tab".`);
}

/** A file by its path; `-` is standard input, in `format` unless `--format` is set. */
export function dataSource(path: string, signal: AbortSignal, format: Format = "csv"): DataSource {
  return path === "-" ? { name: "standard input", bytes: standardInput(signal), format } : path;
}

/** Standard input until Ctrl-C: it may be a terminal, or a program that never ends. */
async function* standardInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* addAbortSignal(signal, process.stdin);
  } catch (error) {
    throw signal.aborted ? new AbortError("interrupted while standard input was read", { cause: error }) : error;
  }
}
