import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, run } from "../process.js";

const snapshot = (name: string) => JSON.parse(readFileSync(join(ROOT, `bench/snapshots/${name}.json`), "utf8"));
const { stdout, stderr } = await run([join(ROOT, "bench/snapshots.mjs")]);
const found = stdout === "" ? undefined : JSON.parse(stdout);

const ADVICE = "if that is meant, run `npm run bench -- snapshots` and commit what it writes";

/** Compilers of other machines give a few bytes more or less. */
const TOLERANCE = 0.02;

describe("the snapshots of bench/", () => {
  it("can be taken", () => {
    expect(stderr).toBe("");
    expect(found).toBeDefined();
  });

  it("hold the calls and slots of a training step and a forward pass", () => {
    expect(found.step, ADVICE).toEqual(snapshot("step"));
  });

  for (const [build, { bytes }] of Object.entries<{ bytes: number }>(snapshot("wasm"))) {
    it(`hold the size of the kernels' build ${build}`, (ctx) => {
      if (!found.wasm[build]) ctx.skip(`the build ${build} was not made`);
      expect(Math.abs(found.wasm[build].bytes / bytes - 1), `${found.wasm[build].bytes} bytes: ${ADVICE}`).toBeLessThan(
        TOLERANCE,
      );
    });
  }
});
