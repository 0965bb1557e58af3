import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../process.js";

/** A code block of a guide. */
export interface Block {
  /** `browser.md:12`. */
  readonly where: string;
  readonly guide: string;
  readonly language: string;
  readonly code: string;
  /** What a comment before the block says of it: `<!-- file: vite8/vite.config.js -->`. */
  readonly notes: Readonly<Record<string, string>>;
}

/** The guides, by name. */
export const guides: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => [name, readFileSync(join(ROOT, "docs", name), "utf8")]),
);

/** All blocks of all guides. */
export const blocks: readonly Block[] = Object.entries(guides).flatMap(([guide, text]) => {
  const found = text.matchAll(/(?:^<!-- (\w+): (.+) -->\n\n?)?^```(\S*)[^\n]*\n([\s\S]*?)^```$/gm);
  return [...found].map(([whole, note, value = "", language = "", code = ""]) => {
    const before = text.slice(0, text.indexOf(whole));
    const where = `${guide}:${before.split("\n").length + (note ? 2 : 0)}`;
    return { where, guide, language, code, notes: note ? { [note]: value } : {} };
  });
});

/** The files of a project, by their paths in it: `*` in a block's name stands for any text, in projects of the same guide. */
export function filesOf(project: string): Map<string, string> {
  const named = blocks.map((block) => ({ ...block, name: block.notes.file?.split("/")[0] }));
  const guide = named.find(({ name }) => name === project)?.guide;
  const fits = (name: string) => new RegExp(`^${name.replaceAll("*", ".*")}$`).test(project);
  const found = named.filter((block) => block.name !== undefined && block.guide === guide && fits(block.name));
  return new Map(found.map(({ name, notes, code }) => [notes.file!.slice(name!.length + 1), code]));
}

/** Blocks that are run by themselves: not a file of some project. */
export const plain = (language: string): Block[] =>
  blocks.filter((block) => block.language === language && block.notes.file === undefined);

/** Projects that blocks name, without those that are for several. */
export const projects: readonly string[] = [
  ...new Set(blocks.flatMap(({ notes }) => (notes.file ? [notes.file.split("/")[0]!] : []))),
].filter((name) => !name.includes("*"));
