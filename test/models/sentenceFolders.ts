import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EmbedOptions } from "../../ts/index.js";
import { golden } from "../golden.js";
import { ROOT } from "../process.js";

/** A folder of `test/golden/sentences/cases.json`, and what sentence-transformers computes with it. */
export interface SentenceCase {
  readonly name: string;
  readonly encoder: "bert" | "roformer";
  /** The folder of the transformer in the model's; "" for that itself. */
  readonly path: string;
  /** Fields of the encoder's files that are other ones. */
  readonly merge: Readonly<Record<string, object>>;
  /** Further files: a JSON value, or `@` and a file of weights. */
  readonly files: Readonly<Record<string, unknown>>;
  readonly runs: readonly { readonly options: EmbedOptions; readonly vectors: readonly (readonly number[])[] }[];
  /** Of the first three texts with all. */
  readonly similarity?: readonly (readonly number[])[];
}

/** All of them, with the texts that they embed. */
export const sentenceCases = golden<{ readonly texts: readonly string[]; readonly cases: readonly SentenceCase[] }>(
  "sentences/cases.json",
);

/** The case of a name. */
export function sentenceCase(name: string): SentenceCase {
  const found = sentenceCases.cases.find((one) => one.name === name);
  if (!found) throw new Error(`there is no case ${name}`);
  return found;
}

const FOLDER = join(ROOT, "test/golden/sentences");

/** The files of a case by name; `change` overwrites some, undefined takes one away. */
export function sentenceFiles(
  { encoder, path, merge, files }: SentenceCase,
  change: Readonly<Record<string, unknown>> = {},
): Map<string, Blob> {
  const made = new Map<string, Blob>();
  for (const name of readdirSync(join(FOLDER, encoder))) {
    const bytes = readFileSync(join(FOLDER, encoder, name));
    const merged = merge[name] && JSON.stringify({ ...JSON.parse(bytes.toString()), ...merge[name] });
    made.set(path === "" ? name : `${path}/${name}`, new Blob([merged ?? bytes]));
  }
  for (const [name, value] of Object.entries({ ...files, ...change })) {
    if (value === undefined) made.delete(name);
    else made.set(name, blobOf(value));
  }
  return made;
}

const blobOf = (value: unknown): Blob =>
  typeof value === "string" && value.startsWith("@")
    ? new Blob([readFileSync(join(FOLDER, value.slice(1)))])
    : new Blob([typeof value === "string" ? value : JSON.stringify(value)]);

/** How far two lists of vectors are apart at most, relative above 1; infinite where they differ in shape. */
export function apart(got: readonly ArrayLike<number>[], want: readonly ArrayLike<number>[]): number {
  if (got.length !== want.length || got.some((row, i) => row.length !== want[i]!.length)) return Infinity;
  const each = got.flatMap((row, i) =>
    Array.from(row, (x, j) => Math.abs(x - want[i]![j]!) / Math.max(1, Math.abs(want[i]![j]!))),
  );
  return Math.max(...each);
}

/** Writes the files of {@link sentenceFiles} to a folder. */
export async function writeFiles(folder: string, files: ReadonlyMap<string, Blob>): Promise<void> {
  for (const [name, blob] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), new Uint8Array(await blob.arrayBuffer()));
  }
}
