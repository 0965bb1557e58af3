import { ConfigError, DataError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { platform } from "../platform/index.js";
import { readUnquoted } from "./delimited.js";
import { type GlueFile, type GlueSplit, type GlueTask, glueFile, glueTask, plainName } from "./glue.js";
import { readBytes } from "./source.js";
import { noColumn } from "./table.js";
import { readText } from "./text.js";
import { type Row, shown } from "./values.js";

/** Settings of {@link readGlue}. */
export interface GlueReadOptions {
  /**
   * What becomes of a row without a text or a label: "skip" leaves it out, as Hugging Face's dataset does; "empty" keeps it, with an empty
   * text and without a label, since a submission has a prediction for every test row.
   * @default "skip"
   */
  readonly incomplete?: "skip" | "empty" | undefined;
}

const OPTIONS: Names<GlueReadOptions> = { incomplete: true };

/** The rows of a split. */
export interface GlueRows {
  /** Columns: the texts, `label` (a name, or a number for `stsb`; absent if the labels are secret) and `idx`. */
  readonly rows: readonly Row[];
  /** The number of rows without a text or a label, which are skipped; the official files of `qqp` have some. */
  readonly skipped: number;
}

/**
 * Reads a split of a GLUE task from the official files, compressed with gzip or not. `folder` contains the folders of the
 * tasks, or is the task's own folder. The rows are those of Hugging Face's dataset `glue`: `idx` counts the rows of the
 * file from 0, including skipped ones. MRPC's training rows come from `msr_paraphrase_train.txt` and `dev_ids.tsv` if
 * both exist, else from `train.tsv` and `dev.tsv`. Errors: ConfigError for an unknown task, split or option; DataError for a
 * missing file, a missing column, and a label that the task does not have.
 */
export async function readGlue(
  folder: string,
  name: string,
  split: GlueSplit,
  options: GlueReadOptions = {},
): Promise<GlueRows> {
  checkOptions("readGlue", options, OPTIONS);
  const { incomplete = "skip" } = options;
  if (incomplete !== "skip" && incomplete !== "empty")
    throw new ConfigError(`readGlue: incomplete is ${JSON.stringify(incomplete)}, not "skip" or "empty"`);
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
    const row = rowOf(record, task, path, incomplete === "empty");
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

/** The task's own folder in `folder`, or `folder` itself. Some copies of the data have the diagnostic set in MNLI's folder. */
async function placeOfTask(folder: string, task: GlueTask): Promise<Place> {
  const path = folder.replace(/(?<=.)\/+$/, "");
  const names = await platform.listFolder(path);
  if (names === undefined) throw new DataError(`${folder}: no such folder`, { reason: "not-found" });
  const folders = [task.name, plainName(task.folder), ...(task.name === "ax" ? ["mnli"] : [])];
  for (const folder of folders)
    for (const name of names.filter((one) => plainName(one) === folder)) {
      const own = await platform.listFolder(`${path}/${name}`);
      if (own) return { path: `${path}/${name}`, names: own };
    }
  return { path, names };
}

/** The path of the first of these files that exists, or exists with `.gz`. */
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

/** MRPC's file of train and validation rows, and the ids of the latter; undefined if either file is missing. */
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

/** Columns that a file must have: the texts, and the label except in test splits, where it may be secret. */
const needed = ({ columns }: GlueTask, split: GlueSplit): readonly string[] =>
  split.startsWith("test") ? columns.texts : [...columns.texts, columns.label];

/** A row of a file. */
interface FileRow {
  readonly fields: ReadonlyMap<string, string>;
  /** Whether the file has a column. */
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

/** A row with Hugging Face's columns; undefined if a text or the label is missing and the row is not to be kept. */
function rowOf(
  { fields, has, line, idx }: FileRow,
  task: GlueTask,
  file: string,
  keepsIncomplete: boolean,
): Row | undefined {
  const { texts, label: column } = task.columns;
  const values: Record<string, unknown> = {};
  for (const [i, name] of texts.entries()) {
    const value = fields.get(name) ?? (keepsIncomplete ? "" : undefined);
    if (value === undefined) return undefined;
    values[i === 0 ? task.text : task.textPair!] = value;
  }
  if (has(column)) {
    const label = fields.get(column)?.trim();
    const isMissing = label === undefined || label === "";
    if (isMissing && !keepsIncomplete) return undefined;
    const known = isMissing ? undefined : labelOf(label, task, `${file}:${line}`);
    if (known !== undefined) values.label = known;
  }
  values.idx = idx;
  return { values, file, line };
}

/** The name of a label, or its number for `stsb`; undefined for −1, a secret label. */
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
