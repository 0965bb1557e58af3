import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, run, temporaryFolder } from "../process.js";

const LABELS = "delivery payment account delivery payment account delivery payment account".split(" ");

it("examples/node-worker sorts its lines in their order, says how late a timer was, and ends", async () => {
  const { code, stdout, stderr } = await run([join(ROOT, "examples", "node-worker")]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect([...stdout.matchAll(/^ {2}(\w+) +\d+ % {2}\S/gm)].map(([, label]) => label)).toEqual(LABELS);
  const late = [...stdout.matchAll(/a 10 ms timer of this thread was (\d+\.\d) ms late/g)].map(([, ms]) => Number(ms));
  expect(late).toHaveLength(2);
  expect(late[0]).toBeLessThan(50); // a step of the training alone takes longer on a slow machine
  expect(stdout).toContain("AbortError: classify was aborted");
  expect(stdout).toContain("ConfigError (CONFIG_ERROR): ./no-such-model/config.json: no such file");
});

it("examples/node-worker sorts the lines of a file", async () => {
  const file = join(temporaryFolder(), "lines.txt");
  writeFileSync(file, Array.from({ length: 500 }, (_, i) => `Where is my parcel ${i}?`).join("\n"));
  const { stdout } = await run([join(ROOT, "examples", "node-worker"), file]);
  const numbers = [...stdout.matchAll(/Where is my parcel (\d+)\?/g)].map(([, i]) => Number(i));
  expect(numbers).toEqual(Array.from({ length: 500 }, (_, i) => i));
});
