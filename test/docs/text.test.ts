import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../process.js";
import { blocks, guides, plain, projects } from "./blocks.js";

/** What the other files of this folder build or serve. */
const KNOWN = [
  ...["vite8", "vite8-headers", "vite7", "webpack", "esbuild", "rollup", "parcel", "next"],
  ...["hosts", "static-server", "service", "commonjs"],
];

/** `#anchor`s of a guide, as GitHub makes them. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

/** What a shell block may begin a line with: a subcommand of ours, a script of package.json, a program with a file of the guide. */
function isKnownCommand(line: string): boolean {
  const [program, first = ""] = line.replace(/^npx /, "").split(/\s+/);
  const commands = readFileSync(join(ROOT, "ts/cli/commands/index.ts"), "utf8");
  if (program === "roformer")
    return commands.includes(`from "./${first.replace(/-(.)/g, (_, c) => c.toUpperCase())}.js"`);
  if (program === "npm") {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    return ["ci", "install", "test", "start", "pack"].includes(first) || line.split(/\s+/)[2]! in scripts;
  }
  return program === "node" && blocks.some(({ notes }) => notes.file?.endsWith(`/${first}`));
}

describe("the guides", () => {
  it("have no code block that nothing checks", () => {
    const kinds = new Set(["js", "html", "sh"]);
    const ofFiles = new Set(["js", "html", "json", "text", "nginx", "apache", "caddy"]);
    const unknown = blocks.filter(({ language, notes, code }) => {
      if (notes.file !== undefined) {
        const isKnown = KNOWN.includes(notes.file.split("/")[0]!) || notes.file.includes("*");
        return !isKnown || !ofFiles.has(language);
      }
      return !kinds.has(language) && !(language === "text" && /^[\w-]+: /.test(code)); // headers, which hosts.test.ts reads
    });
    expect(unknown.map(({ where }) => where)).toEqual([]);
    expect([...projects].sort()).toEqual([...KNOWN].sort());
    const fences = Object.values(guides).flatMap((text) => text.match(/^\s*(```|~~~)/gm) ?? []);
    expect(fences).toHaveLength(2 * blocks.length); // none in a form that is not found
  });

  it.each(
    plain("sh").flatMap(({ where, code }) =>
      code
        .trim()
        .split("\n")
        .map((line) => [where, line] as const),
    ),
  )("%s: there is what `%s` calls", (_, line) => expect(isKnownCommand(line)).toBe(true));

  it.each(Object.keys(guides))("%s: its links lead somewhere", (guide) => {
    const links = [...guides[guide]!.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to!);
    const broken = links.filter((to) => {
      if (/^https:/.test(to)) return false;
      const [path, anchor] = to.split("#");
      if (path && !existsSync(join(ROOT, "docs", path))) return true;
      return anchor !== undefined && !anchorsOf(guides[path || guide] ?? "").includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
