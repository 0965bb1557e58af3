import { isParallel } from "../../data/parallel.js";
import { whole } from "../../data/randomAccess.js";
import { type DataSource, type NamedBytes, readBytes } from "../../data/source.js";
import type { Row } from "../../data/values.js";
import { type FileSource, isFolderPath, openFiles } from "../../io/files.js";
import { hashOf, hashOfFile } from "../../io/hashes.js";
import { platform } from "../../platform/index.js";

/** Options that name data or a model. */
const SOURCES = ["train", "valid", "test", "data", "init", "tokenizer"];

/** Options that change no number of a result. */
const FREE = ["tensorboard", "saveEvery", "saveMinutes", "keepCheckpoints"];

/** The options with bytes that can be read once only kept in memory: several runs read them. */
export async function kept<T extends object>(options: T): Promise<T> {
  const all: Record<string, unknown> = Object.fromEntries(Object.entries(options));
  for (const name of SOURCES) {
    const value = all[name];
    all[name] = Array.isArray(value) ? await Promise.all(value.map(keptSource)) : await keptSource(value);
    if (all[name] === undefined) delete all[name];
  }
  return all as T;
}

async function keptSource(source: unknown): Promise<unknown> {
  if (isParallel(source)) return { source: await keptSource(source.source), target: await keptSource(source.target) };
  const { bytes } = (isObject(source) ? source : {}) as Partial<NamedBytes>;
  if (bytes === undefined || bytes instanceof Uint8Array || bytes instanceof Blob) return source;
  return { ...(source as NamedBytes), bytes: await whole(source as DataSource) };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/**
 * What the options of all runs are, as JSON: files by a hash of their bytes, wherever they are. Equal for the same data and settings.
 * Errors: DataError for files that cannot be read.
 */
export async function identityOf(options: object): Promise<Readonly<Record<string, unknown>>> {
  const found: [string, unknown][] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || FREE.includes(name)) continue;
    found.push([name, SOURCES.includes(name) ? await sourceIdentity(name, value) : value]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function sourceIdentity(name: string, value: unknown): Promise<unknown> {
  if (name === "init" && value === "none") return value;
  if (name === "init" || name === "tokenizer") return modelIdentity(value as FileSource);
  if (isObject(value) && "rows" in value) return rowsHash((value.rows as Row[]).map(({ values }) => values));
  if (isParallel(value)) return Promise.all([value.source, value.target].map(dataIdentity));
  if (!Array.isArray(value)) return dataIdentity(value);
  const isSources = value.every((one) => typeof one === "string" || (isObject(one) && "bytes" in one));
  return isSources ? Promise.all(value.map(dataIdentity)) : rowsHash(value);
}

const dataIdentity = async (source: unknown): Promise<string> => named(await hashOf(readBytes(source as DataSource)));

/** A model's folder or a tokenizer's file by its contents; what is elsewhere, by its name. */
async function modelIdentity(source: FileSource): Promise<unknown> {
  if (typeof source === "string" && (!isFolderPath(source) || !(await platform.exists(source)))) return source;
  if (typeof source === "string" && (await platform.listFolder(source)) === undefined) return dataIdentity(source);
  const files = openFiles(source);
  const names = typeof source === "string" || source instanceof Map ? await files.list() : undefined;
  if (names === undefined) return files.name;
  const hashes: [string, string][] = [];
  for (const name of names) {
    if (typeof source === "string" && (await platform.fileSize(`${source}/${name}`)) === undefined) continue;
    hashes.push([name, named(await hashOfFile(files, name))]);
  }
  return Object.fromEntries(hashes);
}

/** A hash of rows in memory. */
const rowsHash = async (rows: readonly unknown[]): Promise<string> => named(await hashOf(lines(rows)));

function* lines(rows: readonly unknown[]): Generator<Uint8Array> {
  for (const row of rows) yield new TextEncoder().encode(`${JSON.stringify(row)}\n`);
}

const named = (hash: string): string => `sha256:${hash}`;
