import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./process.js";

const files = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((file) => !file.startsWith("ts/wasm/"));

/** Folders of `ts/`, from the outside in: an import goes down, or stays in its row. */
const ROWS = [
  ["cli"],
  ["session"],
  ["train", "data", "metrics"],
  ["models", "pipelines"],
  ["tokenizers", "nn"],
  ["ops"],
  ["autograd"],
  ["tensor"],
  ["engine"],
  ["io"],
  ["random"],
  ["platform"],
];
const ALLOWED_UP: readonly string[] = [
  "ts/pipelines/batches.ts -> data", // batches of like length serve inference and training alike
  "ts/autograd/gradcheck.ts -> ops", // checks ops, by ops
];
const rowOf = (folder: string): number => ROWS.findIndex((row) => row.includes(folder));

describe("the structure", () => {
  it("has imports that go down only", () => {
    const up: string[] = [];
    for (const file of files("ts")) {
      const from = file.split("/")[1]!;
      if (from.endsWith(".ts")) continue; // the entry and the errors
      for (const [, to] of readFileSync(join(ROOT, file), "utf8").matchAll(/from "\.\.\/(?:\.\.\/)?([a-z]+)\//g)) {
        if (to === "wasm" || rowOf(to!) < 0 || rowOf(from) <= rowOf(to!)) continue;
        if (!ALLOWED_UP.includes(`${file} -> ${to}`)) up.push(`${file} -> ${to}`);
      }
    }
    expect(up).toEqual([]);
  });

  it("knows WebAssembly in the engine and the tokenizers only, Node in platform and the command line only", () => {
    for (const file of files("ts")) {
      const code = readFileSync(join(ROOT, file), "utf8");
      if (!/^ts\/(engine|tokenizers)\//.test(file)) expect(code, file).not.toMatch(/\bWebAssembly\./);
      if (!/^ts\/(platform|cli)\//.test(file)) expect(code, file).not.toMatch(/from "node:/);
    }
  });

  it("names a kernel's file as its op's", () => {
    const rust = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    for (const file of readdirSync(join(ROOT, "ts/ops"))) {
      const kernel = join(ROOT, "crates/kernels/src", rust(file.replace(/\.ts$/, "")));
      expect(existsSync(`${kernel}.rs`) || existsSync(join(kernel, "mod.rs")), file).toBe(true);
    }
  });

  it("keeps files short enough to read: under 400 lines", () => {
    const long = [...files("ts"), ...files("test")].filter(
      (file) => readFileSync(join(ROOT, file), "utf8").split("\n").length > 400,
    );
    expect(long).toEqual([]);
  });
});
