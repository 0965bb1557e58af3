import { type DataSource, readRows } from "roformer/train";
import sample from "./sample.csv?raw";

/** A table of texts. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** The messages that come with the page. */
export const sampleTable = (): Promise<Table> => readTable({ name: "sample.csv", bytes: new Blob([sample]) });

/** The table of a file that the user has chosen: CSV, TSV or JSON, gzipped or not. */
export const readFile = (file: File): Promise<Table> => readTable({ name: file.name, bytes: file });

/** Reads a table. What is wrong is an error that names the file and the line. */
async function readTable(source: Exclude<DataSource, string>): Promise<Table> {
  const rows: Readonly<Record<string, string>>[] = [];
  for await (const { values } of readRows(source)) rows.push(asTexts(values));
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length < 2)
    throw new Error(`${source.name} has ${columns.length} column: one of texts and one of labels are needed`);
  if (rows.length < 10) throw new Error(`${source.name} has ${rows.length} rows: at least 10 are needed`);
  return { name: source.name, columns, rows };
}

/** Values of JSON as texts; what is missing is empty. */
const asTexts = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([column, value]) => [column, String(value ?? "")]));

/** The likely columns: texts are the longest, labels have the fewest different values. */
export function guessColumns({ columns, rows }: Table): { text: string; label: string } {
  const values = (column: string) => rows.map((row) => row[column] ?? "");
  const length = (column: string) => values(column).join("").length;
  const kinds = (column: string) => new Set(values(column)).size;
  const text = columns.reduce((best, column) => (length(column) > length(best) ? column : best));
  const others = columns.filter((column) => column !== text);
  return { text, label: others.reduce((best, column) => (kinds(column) < kinds(best) ? column : best)) };
}

/** How many rows each label has, the most frequent first. */
export function countLabels({ rows }: Table, label: string): [label: string, rows: number][] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row[label] ?? "", (counts.get(row[label] ?? "") ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
