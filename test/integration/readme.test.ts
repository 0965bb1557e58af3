import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, run, temporaryFolder } from "../process.js";

const blocks = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```js\n([\s\S]*?)^```/gm)].map(
  ([, code]) => code!,
);

it("has code to run", () => expect(blocks.length).toBeGreaterThan(0));

it.each(blocks.map((code, i) => [i + 1, code] as const))(
  "README's code block %i runs as it stands, under plain node",
  async (_, code) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/roformer"), "junction");
    writeFileSync(join(folder, "example.mjs"), code);
    const { code: exit, stderr, stdout } = await run(["example.mjs"], { cwd: folder });
    expect(stderr).toBe("");
    expect(exit).toBe(0);
    expect(stdout).not.toBe("");
  },
);
