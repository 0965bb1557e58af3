import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROGRAMS } from "./project.js";

/** A page that runs one script. Nothing stands in the page itself: a Content-Security-Policy may forbid it. */
export const html = (script: string): string =>
  `<!doctype html><html><head><title>roformer</title><script type="module" src="${script}"></script></head></html>\n`;

/** Where the entries are in a project that is served as it is. */
export const PLAIN: Readonly<Record<string, string>> = Object.fromEntries(
  ["roformer", "roformer/session", "roformer/train"].map((entry) => [
    entry,
    `/node_modules/${entry.replace("roformer", "roformer/dist")}/index.js`,
  ]),
);

/** Makes a folder in a project with a page that runs a program, whose imports are others. */
export function makeSite(
  project: string,
  name: string,
  program: string,
  imports: Readonly<Record<string, string>>,
): string {
  const site = join(project, name);
  mkdirSync(site);
  writeFileSync(join(site, "index.html"), html("page.js"));
  const code = readFileSync(join(PROGRAMS, program), "utf8");
  const named = code.replaceAll(/"(roformer[^"]*)"/g, (_, entry: string) => JSON.stringify(imports[entry]));
  writeFileSync(join(site, "page.js"), named);
  cpSync(join(PROGRAMS, "common.mjs"), join(site, "common.mjs"));
  return site;
}
