import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../process.js";
import { references } from "./references.js";

interface Listed {
  readonly path: string;
  readonly mode: number;
}

interface Manifest {
  readonly version: string;
  readonly exports: object;
  readonly bin: Readonly<Record<string, string>>;
  readonly browser: object;
  readonly dependencies: Readonly<Record<string, string>>;
}

const { listed } = (await import(new URL("../../scripts/npm.mjs", import.meta.url).href)) as { listed(): Listed[] };
const files = listed();
const paths = files.map(({ path }) => path);
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const manifest = JSON.parse(text("package.json")) as Manifest;
const modules = paths.filter((path) => /\.(m?js|d\.m?ts)$/.test(path));
const named = new Map(modules.map((path) => [path, references(path, text(path))]));

const leaves = (value: unknown): string[] =>
  typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(leaves);

/** What package.json leads to; `./wasm/*` to what is not code. */
function entries(): string[] {
  const names = [manifest.exports, manifest.bin, manifest.browser].flatMap(leaves);
  return names.flatMap((name) => {
    const path = name.replace(/^\.\//, "");
    if (!path.includes("*")) return [path];
    return paths.filter((one) => one.startsWith(path.replace("*", "")) && !named.has(one));
  });
}

describe("the tarball", () => {
  it("holds what people have to find, and no more beside dist and docs", () => {
    const beside = [
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "DESIGN.md",
      "LICENSE",
      "NOTICES.md",
      "README.md",
      "package.json",
    ];
    expect(paths.filter((path) => !/^(dist|docs)\//.test(path)).sort()).toEqual(beside);
  });

  it("holds no test, no source of TypeScript and no map, and names no map", () => {
    expect(
      paths.filter((path) => /\.map$|(^|\/)tests?\/|\.test\.|(?<!\.d)\.m?ts$|^dist\/instead\//.test(path)),
    ).toEqual([]);
    expect(modules.filter((path) => text(path).includes("sourceMappingURL="))).toEqual([]);
  });

  it("names no folder of the machine it was built on", () => {
    const unix = "/(?:home|root|Users|work|tmp)/[\\w.-]+";
    const windows = "[A-Z]:\\\\{1,2}[\\w .-]{2,}\\\\";
    // In text a folder's name may also be the end of a URL or of a relative path; in wasm texts stand without a space between.
    const inText = new RegExp(`(?<![\\w.~-])${unix}|\\b${windows}`);
    const inBytes = new RegExp(`${unix}/|${windows}`);
    for (const path of paths.filter((one) => !one.endsWith(".gz"))) {
      const isBinary = path.endsWith(".wasm");
      const content = readFileSync(join(ROOT, path), isBinary ? "latin1" : "utf8");
      expect((isBinary ? inBytes : inText).exec(content)?.[0], path).toBeUndefined();
      for (const folder of [ROOT, homedir()].map((one) => one.replace(/[\\/]$/, "") + sep))
        expect(folder.length > 3 && content.includes(folder), `${path} names ${folder}`).toBe(false);
    }
  });

  it("holds every file that its modules name", () => {
    const missing = [...named].flatMap(([path, { files }]) =>
      files.filter((file) => !paths.includes(file)).map((file) => `${path} -> ${file}`),
    );
    expect(missing).toEqual([]);
    expect(entries().filter((path) => !["package.json", ...paths].includes(path))).toEqual([]);
  });

  it("holds nothing in dist that no entry leads to", () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const next of named.get(path)?.files ?? []) visit(next);
    };
    for (const path of entries()) visit(path);
    expect(paths.filter((path) => path.startsWith("dist/") && !reached.has(path))).toEqual([]);
  });

  it("imports packages in the command line only, all of them dependencies, and each dependency somewhere", () => {
    const imported = [...named].flatMap(([path, { packages }]) => packages.map((name) => ({ path, name })));
    expect(imported.filter(({ path }) => !path.startsWith("dist/cli/"))).toEqual([]);
    expect([...new Set(imported.map(({ name }) => name))].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it("has a command that can be started", (ctx) => {
    for (const path of Object.values(manifest.bin)) {
      expect(text(path), path).toMatch(/^#!\/usr\/bin\/env node\n/);
      if (process.platform === "win32") ctx.skip("Windows has no right to execute");
      expect((files.find((file) => file.path === path)?.mode ?? 0) & 0o111, path).toBe(0o111);
    }
  });

  it("has the version of the newest changes", () => {
    expect(/^## (\S+)/m.exec(text("CHANGELOG.md"))?.[1]).toBe(manifest.version);
  });
});

describe("NOTICES.md", () => {
  const files = readdirSync(join(ROOT, "dist/vendor")).filter((file) => file.endsWith(".js"));
  // esbuild names the file of each part in a comment.
  const parts = files.flatMap((file) =>
    [...text(`dist/vendor/${file}`).matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(([, name]) => name!),
  );
  const vendored = [...new Set(parts)].sort();

  it.each(vendored)("names %s, whose code is inside, with its version, license and the license's text", (name) => {
    const folder = join(ROOT, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<
      string,
      string
    >;
    const notices = text("NOTICES.md");
    const cells = (row: string) => row.split("|").map((cell) => cell.trim());
    const rows = notices.split("\n").map(cells);
    expect(rows.find((row) => row[1] === `${name} ${version}`)?.[2], "run: node scripts/notices.mjs").toBe(license);
    const file = ["LICENSE", "LICENSE.md"].map((one) => join(folder, one)).find(existsSync);
    expect(notices).toContain(readFileSync(file!, "utf8").replaceAll("\r\n", "\n").trim());
  });
});
