import { fileURLToPath } from "node:url";

/** The functions of `scripts/starter`, which are JavaScript, with their types. */
export interface Archive {
  readonly names: string[];
  bytes(name: string): Promise<Uint8Array>;
  text(name: string): Promise<string>;
}

export interface Package {
  readonly client: "npm" | "pip";
  readonly form?: "sdist";
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

export interface Source extends Package {
  readonly license: string;
  readonly says: string;
  readonly readings: readonly Reading[];
}

interface Reading {
  readonly kind: string;
  readonly read: (archive: Archive) => Promise<string[]>;
  readonly least?: number;
  readonly limit?: number;
}

export interface Row {
  readonly text: string;
  readonly label: string;
}

interface Gathered {
  readonly lines: string[];
  readonly sha256: string;
  readonly counts: { kind: string; from: { name?: string; license: string }; found: number; kept: number }[];
}

interface Parts {
  readonly sources: readonly Source[];
  readonly open: (source: Source) => Promise<Archive>;
  readonly given: readonly { kind: string; license: string; paragraphs: string[] }[];
  readonly heldOut: readonly string[];
}

type Read = (archive: Archive) => Promise<string[]>;

const imported = <T>(name: string): Promise<T> =>
  import(new URL(`../../scripts/starter/${name}.mjs`, import.meta.url).href);

const { openArchive } = await imported<{ openArchive(file: string): Promise<Archive> }>("archive");
export const { fetchPackage } = await imported<{ fetchPackage(source: Package, folder: string): string }>("packages");
export const { gather, textOf } = await imported<{
  gather(parts: Parts): Promise<Gathered>;
  textOf(lines: readonly string[]): string;
}>("gather");
export const { cleanLines, keyOf, sentencesOf, tidy } = await imported<{
  cleanLines(
    paragraphs: Iterable<string>,
    limits: { seen: Set<string>; isHeldOut: (key: string) => boolean; least: number; most: number },
  ): string[];
  keyOf(line: string): string;
  sentencesOf(paragraph: string): string[];
  tidy(text: string): string;
}>("sentences");
export const readers = await imported<{
  addresses(archive: Archive, years: { since: number }): Promise<string[]>;
  ratedSnippets(archive: Archive, file: string): Promise<{ rating: number; text: string }[]>;
  chapters: Read;
  chats: Read;
  countries: Read;
  definitions: Read;
  dialogs: Read;
  phrases: Read;
}>("readers");
export const documentation = await imported<{ docstrings: Read; services: Read }>("documentation");
export const { SETS, splitRows } = await imported<{
  SETS: { name: string; source: Source; read(archive: Archive): Promise<Row[]> }[];
  splitRows(rows: readonly Row[]): { train: Row[]; test: Row[] };
}>("sets");
export const { SOURCES } = await imported<{ SOURCES: readonly Source[] }>("sources");
export const { mailTexts, wikiText } = await imported<{
  mailTexts(folder: string, part: string): string[];
  wikiText(file: string): string[];
}>("files");

/** The path of a package of `test/golden/starter`. */
export const pathOf = (name: string) => fileURLToPath(new URL(`../golden/starter/${name}`, import.meta.url));

/** Opens a package of `test/golden/starter`. */
export const golden = (name: string) => openArchive(pathOf(name));
