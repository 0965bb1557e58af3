// `vitest run`, run so that its results can be counted.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { showNode } from "./processes.mjs";

/**
 * Runs the tests of TypeScript on this terminal.
 * @param {readonly string[]} args for vitest: files, `-t name` and so on
 * @returns {import("./tally.mjs").Tally}
 */
export function testTypeScript(args) {
  const file = join(tmpdir(), `roformer-tally-${process.pid}.json`);
  const reporters = ["--reporter=default", "--reporter=./scripts/vitest-tally.mjs"];
  const env = { ...process.env, ROFORMER_TALLY: file };
  const ok = showNode("vitest/vitest.mjs", ["run", ...reporters, ...args], { env });
  const tally = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { passed: 0, failed: [], skipped: [] };
  rmSync(file, { force: true });
  if (!ok && tally.failed.length === 0) tally.failed.push("vitest: it did not run to its end");
  return tally;
}
