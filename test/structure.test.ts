import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./process.js";

const files = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((file) => !file.startsWith("ts/wasm/"));

/**
 * Folders of `ts/` and the façade, from the outside in: an import goes down. What the entry, the errors and the options' checks import is
 * theirs, and everything may import the latter two and the version.
 */
const ROWS = [
  ["cli"],
  ["session"],
  ["train"],
  ["roformer.ts"],
  ["pipelines"],
  ["models"],
  ["nn"],
  ["tokenizers"],
  ["optim"],
  ["ops"],
  ["autograd"],
  ["tensor"],
  ["engine"],
  ["data"],
  ["io"],
  ["metrics"],
  ["random", "instead"],
  ["platform"],
];
const rowOf = (folder: string): number => ROWS.findIndex((row) => row.includes(folder));
const folderOf = (file: string): string => file.split("/")[1]!;

/** What each file of `ts/` imports of it: types too, and what is imported later or named as `import("…").T`. */
const imports = new Map(
  files("ts").map((file): [string, string[]] => {
    const code = readFileSync(join(ROOT, file), "utf8");
    const found = [...code.matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)["'](\.[^"']+)["']/g)];
    const targets = found.map(([, to]) => posix.join(posix.dirname(file), to!).replace(/\.m?js$/, ".ts"));
    return [file, targets.filter((target) => existsSync(join(ROOT, target)))];
  }),
);

/** Files that reach each other by imports, in groups (Tarjan 1972). */
function circles(): string[][] {
  const [index, low, stack, found] = [
    new Map<string, number>(),
    new Map<string, number>(),
    [] as string[],
    [] as string[][],
  ];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const to of imports.get(file) ?? []) {
      if (!index.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file)!, low.get(to)!));
    }
    if (low.get(file) === index.get(file)) found.push(stack.splice(stack.indexOf(file)));
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found.filter(({ length }) => length > 1);
}

describe("the structure", () => {
  it("has imports that go down only", () => {
    const up: string[] = [];
    for (const [file, targets] of imports) {
      for (const target of targets) {
        const [from, to] = [folderOf(file), folderOf(target)];
        if (from === to || rowOf(from) < 0 || to === "wasm") continue;
        const isUp =
          rowOf(to) < 0
            ? !["errors.ts", "options.ts", "misspelt.ts", "version.ts"].includes(to)
            : rowOf(from) >= rowOf(to);
        if (isUp) up.push(`${file} -> ${target}`);
      }
    }
    expect(up).toEqual([]);
  });

  it("has a row for every folder", () => {
    const folders = new Set([...imports.keys()].map(folderOf).filter((name) => !name.endsWith(".ts")));
    expect([...folders].filter((name) => rowOf(name) < 0)).toEqual([]);
  });

  it("has no circle of imports of more than two files, and none between folders, types counted", () => {
    const all = circles();
    expect(all.filter((circle) => circle.length > 2 || new Set(circle.map(folderOf)).size > 1)).toEqual([]);
    expect([...imports.values()].flat().length).toBeGreaterThan(1000);
  });

  it("knows WebAssembly and its memory in ts/engine/wasm only, Node in platform and the command line only", () => {
    for (const file of files("ts")) {
      // Comments may say what a public option is for.
      const code = readFileSync(join(ROOT, file), "utf8").replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g, "");
      if (!file.startsWith("ts/engine/wasm/")) expect(code, file).not.toMatch(/\bWebAssembly\b|\.address\(/);
      if (!file.startsWith("ts/engine/")) expect(code, file).not.toMatch(/\/wasm\/glue/);
      if (!/^ts\/(platform|cli)\//.test(file)) expect(code, file).not.toMatch(/from "node:/);
    }
  });

  it("reaches for ts/engine/wasm where modules are options or are sent, and nowhere else", () => {
    const outside = [...imports].filter(([file]) => !file.startsWith("ts/engine/"));
    const reaching = outside.filter(([, targets]) => targets.some((target) => target.startsWith("ts/engine/wasm/")));
    expect(reaching.map(([file]) => file).sort()).toEqual([
      "ts/cli/option.ts", // how many threads there may be
      "ts/index.ts", // types
      ...["link", "protocol", "serve", "session"].map((name) => `ts/session/${name}.ts`), // modules for workers
      "ts/tokenizers/native.ts", // its own module
    ]);
  });

  it("names a kernel's file as its op's", () => {
    const rust = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    for (const file of readdirSync(join(ROOT, "ts/ops"))) {
      const name = rust(file.replace(/\.ts$/, ""));
      // What has no arithmetic, as a batch's description, is of crates/wasm alone.
      const places = ["kernels", "wasm"].map((crate) => join(ROOT, "crates", crate, "src", name));
      expect(
        places.some((place) => existsSync(`${place}.rs`) || existsSync(join(place, "mod.rs"))),
        file,
      ).toBe(true);
    }
  });

  it("keeps files short enough to read: under 400 lines", () => {
    const long = [...files("ts"), ...files("test")].filter(
      (file) => readFileSync(join(ROOT, file), "utf8").split("\n").length > 400,
    );
    expect(long).toEqual([]);
  });
});
