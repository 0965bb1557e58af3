import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, type TestContext } from "vitest";
import { ROOT, run } from "../process.js";
import { newProject } from "./project.js";
import { needTools, tool } from "./tools.js";

const STRICT = { strict: true, skipLibCheck: false, noEmit: true, target: "es2022", exactOptionalPropertyTypes: true };
const WEB = ["es2023", "esnext.disposable", "dom", "dom.iterable", "dom.asynciterable"];
const MODULES = {
  nodenext: { module: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
} as const;
type Modules = keyof typeof MODULES;

/** What is compiled. */
const PROGRAMS = ["consumer.ts", "heads.ts"];

/** TypeScript itself: the project's own, and the newest. */
const COMPILERS = {
  "the project's TypeScript": join(ROOT, "node_modules/typescript/bin/tsc"),
  "the newest TypeScript": tool("typescript/bin/tsc"),
};

let made: Promise<string> | undefined;
function ready(ctx: TestContext): Promise<string> {
  made ??= newProject(ctx, PROGRAMS).then((project) => {
    for (const name of ["@types/node", "undici-types"])
      cpSync(join(ROOT, "node_modules", name), join(project, "node_modules", name), { recursive: true });
    return project;
  });
  return made;
}

/** What the compiler says of the programs. */
async function compile(project: string, compiler: string, name: string, options: object): Promise<string> {
  const file = `tsconfig.${name}.json`;
  writeFileSync(join(project, file), JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: PROGRAMS }));
  return (await run([compiler, "-p", file], { cwd: project })).stdout;
}

describe.each(Object.entries(COMPILERS))(
  "%s compiles a program that uses every entry, declarations included",
  { timeout: 120_000 },
  (which, compiler) => {
    beforeEach((ctx) => {
      if (which.includes("newest")) needTools(ctx);
    });
    const cases = (Object.keys(MODULES) as Modules[]).flatMap((modules) => [
      { modules, types: [] as string[] },
      { modules, types: ["node"] },
    ]);

    it.for(cases)("modules: $modules, types: $types", async ({ modules, types }, ctx) => {
      const name = `${modules}-${types.length}-${which.length}`;
      const options = { ...MODULES[modules], types, lib: WEB };
      expect(await compile(await ready(ctx), compiler, name, options)).toBe("");
    });
  },
);
