import { DataError } from "../errors.js";
import { platform } from "../platform/index.js";
import { readUnquoted } from "./delimited.js";
import { type GlueFile, type GlueSplit, type GlueTask, glueFile, glueTask, plainName } from "./glue.js";
import { readBytes } from "./source.js";
import { noColumn } from "./table.js";
import { readText } from "./text.js";
import { type Row, shown } from "./values.js";

/** The rows of a part of a task. */
export interface GlueRows {
  /** The texts' columns, `label` (a name, or a number for `stsb`; not there where the labels are secret) and `idx`. */
  readonly rows: readonly Row[];
  /** Rows that are left out because a text or the label is missing, as in the official files of `qqp`. */
  readonly skipped: number;
}

/**
 * Reads a part of a GLUE task from the official files, gzipped or not: `folder` holds the tasks' folders, or is the task's own. Rows
 * are those of Hugging Face's data set `glue`: `idx` counts the file's rows from 0, those that are left out too. MRPC is read from
 * `msr_paraphrase_train.txt` and `dev_ids.tsv` where both are there, else from `train.tsv` and `dev.tsv`. Errors: ConfigError for an
 * unknown task or split; DataErrors for a file that is not there, a column that is missing and a label that the task does not have.
 */
export async function readGlue(folder: string, name: string, split: GlueSplit): Promise<GlueRows> {
  const task = glueTask(name);
  const official = glueFile(task, split);
  const place = await placeOfTask(folder, task);
  const isMrpcTraining = task.name === "mrpc" && split !== "test";
  const parted = isMrpcTraining ? await mrpcFiles(place) : undefined;
  const path = parted?.path ?? fileIn(place, official, task);
  const rows: Row[] = [];
  let skipped = 0;
  for await (const record of records(path, official.header, needed(task, split))) {
    if (parted && parted.devIds.has(idsOf(record.fields)) !== (split === "validation")) continue;
    const row = rowOf(record, task, path);
    if (row) rows.push(row);
    else skipped++;
  }
  if (rows.length === 0) throw new DataError(`${path} has no rows`);
  return { rows, skipped };
}

/** A folder and the files in it. */
interface Place {
  readonly path: string;
  readonly names: readonly string[];
}

/** The task's own folder in `folder`, or `folder` itself. */
async function placeOfTask(folder: string, task: GlueTask): Promise<Place> {
  const path = folder.replace(/(?<=.)\/+$/, "");
  const names = await platform.listFolder(path);
  if (names === undefined) throw new DataError(`${folder}: no such folder`, { reason: "not-found" });
  for (const name of names.filter((one) => [task.name, plainName(task.folder)].includes(plainName(one)))) {
    const own = await platform.listFolder(`${path}/${name}`);
    if (own) return { path: `${path}/${name}`, names: own };
  }
  return { path, names };
}

/** The path of a file by one of its names, perhaps gzipped; undefined where there is none. */
function find({ path, names }: Place, wanted: readonly string[]): string | undefined {
  const name = wanted.flatMap((one) => [one, `${one}.gz`]).find((one) => names.includes(one));
  return name === undefined ? undefined : `${path}/${name}`;
}

function fileIn(place: Place, { names }: GlueFile, { name, folder }: GlueTask): string {
  const found = find(place, names);
  if (found !== undefined) return found;
  throw new DataError(
    `${place.path}: no ${names[0]!}; expected the official files of ${name}, or their folder ${folder}`,
    {
      reason: "not-found",
    },
  );
}

/** MRPC's file of all training rows, and the rows that are the validation's; undefined where they are files of their own. */
async function mrpcFiles(place: Place): Promise<{ path: string; devIds: ReadonlySet<string> } | undefined> {
  const path = find(place, ["msr_paraphrase_train.txt"]);
  const idsPath = find(place, ["dev_ids.tsv", "mrpc_dev_ids.tsv"]);
  if (path === undefined || idsPath === undefined) return undefined;
  const devIds = new Set<string>();
  for await (const { fields } of readUnquoted(readText(idsPath, readBytes(idsPath)), "\t")) {
    if (fields.length < 2) throw new DataError(`${idsPath}: a line with one column; expected two ids`);
    devIds.add(`${fields[0]!.trim()}\t${fields[1]!.trim()}`);
  }
  return { path, devIds };
}

const idsOf = (fields: ReadonlyMap<string, string>): string => `${fields.get("#1 ID")}\t${fields.get("#2 ID")}`;

/** Columns without which a file is not the task's: its texts, and the label, which may be missing where a test's is secret. */
const needed = ({ columns }: GlueTask, split: GlueSplit): readonly string[] =>
  split.startsWith("test") ? columns.texts : [...columns.texts, columns.label];

/** A row of a file: the texts and the label that stand in it, undefined where they are missing. */
interface FileRow {
  readonly fields: ReadonlyMap<string, string>;
  /** Whether the file has a column of that name. */
  readonly has: (column: string) => boolean;
  readonly line: number;
  /** From 0. */
  readonly idx: number;
}

/** Rows of a tab-separated file in which quotes are plain characters. */
async function* records(
  path: string,
  header: readonly string[] | undefined,
  needed: readonly string[],
): AsyncGenerator<FileRow> {
  let [names, idx] = [header, 0];
  const has = (column: string) => names!.includes(column);
  for await (const { fields, line } of readUnquoted(readText(path, readBytes(path)), "\t")) {
    if (names === undefined) {
      names = fields.map((field) => field.trim());
      const missing = needed.find((name) => !has(name));
      if (missing !== undefined) throw noColumn(`${path}:${line}`, missing, names);
      continue;
    }
    if (header && fields.length < header.length)
      throw new DataError(`${path}:${line}: ${fields.length} columns; expected ${header.join(", ")}, without a header`);
    yield {
      fields: new Map(names.slice(0, fields.length).map((name, i) => [name, fields[i]!])),
      has,
      line,
      idx: idx++,
    };
  }
}

/** A row by Hugging Face's columns; undefined where a text or the label is missing. */
function rowOf({ fields, has, line, idx }: FileRow, task: GlueTask, file: string): Row | undefined {
  const { texts, label: column } = task.columns;
  const values: Record<string, unknown> = {};
  for (const [i, name] of texts.entries()) {
    const value = fields.get(name);
    if (value === undefined) return undefined;
    values[i === 0 ? task.text : task.textPair!] = value;
  }
  if (has(column)) {
    const label = fields.get(column)?.trim();
    if (label === undefined || label === "") return undefined;
    const known = labelOf(label, task, `${file}:${line}`);
    if (known !== undefined) values.label = known;
  }
  values.idx = idx;
  return { values, file, line };
}

/** A label's name, or its number where labels are numbers; undefined for −1, which stands for a secret one. */
function labelOf(label: string, { labels }: GlueTask, where: string): string | number | undefined {
  if (labels === undefined) {
    const score = Number(label);
    if (score >= 0 && score <= 5) return score;
    if (score === -1) return undefined;
    throw new DataError(`${where}: the score is ${shown(label)}; expected a number from 0 to 5`);
  }
  if (label === "-1") return undefined;
  const name = labels.includes(label) ? label : /^\d+$/.test(label) ? labels[Number(label)] : undefined;
  if (name === undefined) {
    const known = labels.map((one, id) => `${one} (${id})`).join(", ");
    throw new DataError(`${where}: unknown label ${shown(label)}; expected one of ${known}`);
  }
  return name;
}
