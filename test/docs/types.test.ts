import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ROOT, temporaryFolder } from "../process.js";

/** Pages whose code blocks are compiled. */
const PAGES = ["README.md", ...filesOf("docs", /^[^/]+\.md$/), ...filesOf("examples", /^[^/]+\/README\.md$/)];

/** Paths of a folder's files whose path in it matches. Installed packages are left out: one of them links to this project. */
function filesOf(folder: string, pattern: RegExp): string[] {
  const within = (path: string): string[] =>
    readdirSync(join(ROOT, folder, path), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isDirectory()) return entry.name === "node_modules" ? [] : within(`${path}${entry.name}/`);
      return [`${path}${entry.name}`];
    });
  return within("")
    .filter((path) => pattern.test(path))
    .sort()
    .map((path) => `${folder}/${path}`);
}

/** What a fragment, a block without an import, may use without saying where it is from. */
const PRELUDE = `import { AdamW, convert, RoFormer, Tokenizer } from "roformer";
import { createPool, createSession } from "roformer/session";
import { evaluate, finetune, pretrain } from "roformer/train";
declare const files: File[];
`;

/** Packages of others that blocks import, without types; and what their JSX needs. */
const OTHERS = `declare module "esbuild";
declare module "@rollup/plugin-node-resolve";
declare module "react";
declare module "fflate" {
  type Done = (error: Error | null, zipped: Uint8Array<ArrayBuffer>) => void;
  export function zip(files: Record<string, Uint8Array>, options: object, done: Done): void;
}
declare module "*/src/main.js";
declare module "vite" { export const defineConfig: <T>(config: T) => T; }
declare module "*.css";
declare module "*?raw" { const text: string; export default text; }
declare module "*?url" { const url: string; export default url; }
declare namespace JSX { interface IntrinsicElements { [name: string]: object } }
`;

/** What JavaScript has no way to say: the types of parameters and of variables without a value. */
const UNSAYABLE = [7005, 7006, 7019, 7031, 7034, 7053];

interface Source {
  readonly where: string;
  readonly file: string;
  readonly code: string;
}

const isFragment = (code: string): boolean => !/^import |\brequire\(|\bimport\(/m.test(code);

const blocks: readonly Source[] = PAGES.flatMap((page) => {
  const text = readFileSync(join(ROOT, page), "utf8");
  const found = text.matchAll(/(?:^<!-- file: (\S+) -->\n\n?)?^```(js|ts)\b[^\n]*\n([\s\S]*?)^```$/gm);
  return [...found].map(({ 0: whole, 1: name = "", 2: language = "", 3: code = "", index }) => {
    const line = text.slice(0, index + whole.indexOf("```")).split("\n").length;
    const ending = /\.(c|m)js$/.exec(name)?.[0] ?? (language === "ts" ? ".ts" : ".jsx");
    const file = `${page.replace(/\W/g, "-")}-${line}${ending}`;
    const usesOurs = isFragment(code) && /\b(RoFormer|Tokenizer|createSession|finetune|pretrain)\b/.test(code);
    return { where: `${page}:${line}`, file, code: usesOurs ? PRELUDE + code : code };
  });
});

const examples: readonly Source[] = filesOf("examples", /\.ts$/).map((path) => ({
  where: path,
  file: path,
  code: readFileSync(join(ROOT, path), "utf8"),
}));

/** What the compiler says of each source, as `strict` and the package's declarations have it. */
function compile(sources: readonly Source[]): Map<string, string[]> {
  const folder = temporaryFolder();
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
    return join(folder, file);
  };
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/roformer"), "junction");
  write("package.json", '{ "type": "module" }');
  const names = [write("others.d.ts", OTHERS), ...sources.map(({ file, code }) => write(file, code))];
  const program = ts.createProgram(names, {
    ...{ strict: true, noEmit: true, allowJs: true, checkJs: true, skipLibCheck: true, resolveJsonModule: true },
    ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, jsx: ts.JsxEmit.Preserve },
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable", "esnext.disposable"].map((name) => `lib.${name}.d.ts`),
    ...{ types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] },
  });
  return new Map(
    sources.map(({ where, file }) => {
      const source = program.getSourceFile(join(folder, file))!;
      const all = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      const told = all.filter(({ code }) => file.endsWith(".ts") || !UNSAYABLE.includes(code));
      return [
        where,
        told.map(({ code, messageText }) => `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`),
      ];
    }),
  );
}

describe("strict TypeScript, with the built package's declarations, compiles", { timeout: 120_000 }, () => {
  const said = compile([...blocks, ...examples]);

  it.each(blocks.map(({ where }) => where))("%s", (where) => expect(said.get(where)).toEqual([]));
  it.each(examples.map(({ where }) => where))("%s", (where) => expect(said.get(where)).toEqual([]));

  it("and finds what is wrong", () => {
    const wrong = {
      "option.jsx": 'import { RoFormer } from "roformer"; await RoFormer.load("a", { heads: "base" });',
      "missing.jsx": 'import { fineTune } from "roformer/train"; fineTune();',
      "output.ts":
        'import { RoFormer } from "roformer"; RoFormer.create({}, { head: "base" }).forward({ inputIds: [] }).logits;',
    };
    const found = compile(Object.entries(wrong).map(([file, code]) => ({ where: file, file, code })));
    for (const [file, errors] of found) expect(errors, file).toHaveLength(1);
  });

  it("all blocks: there are some, on every page that has any", () => {
    expect(blocks.length).toBeGreaterThan(20);
    expect(examples.length).toBeGreaterThan(5);
  });
});
