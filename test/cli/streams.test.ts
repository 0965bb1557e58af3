import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it } from "vitest";
import { smallModel, TEXTS } from "../pipelines/models.js";
import { ROOT, roformer, temporaryFolder } from "../process.js";

let folder: string;

/** Asks line by line: each line is written only when the one before is answered. */
async function dialog(args: readonly string[], questions: readonly string[]): Promise<string[]> {
  const child = spawn(process.execPath, [join(ROOT, "dist/cli/index.js"), ...args, "-"], { cwd: folder });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const found: string[] = [];
  for (const question of questions) {
    child.stdin.write(`${question}\n`);
    found.push((await answers.next()).value as string);
  }
  child.stdin.end();
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  return found;
}

describe("lines of standard input", () => {
  beforeAll(async () => {
    folder = temporaryFolder();
    for (const head of ["sequence-classification", "masked-lm", "base"] as const) {
      const model = await smallModel(head);
      await model.save(join(folder, head));
      model.close();
    }
  });

  it.each([
    ["predict", "sequence-classification", TEXTS.slice(0, 3)],
    ["embed", "base", TEXTS.slice(0, 3)],
    ["fill-mask", "masked-lm", ["the [MASK] ran", "a [MASK]"]],
  ] as const)("%s answers each line before the next is written", async (command, model, texts) => {
    const args = [command, "--model", model, "--json"];
    const together = await roformer([...args, ...texts], { cwd: folder });
    expect(await dialog(args, texts)).toEqual(together.stdout.trimEnd().split("\n"));
  });

  it("writes nothing to a stderr that is not a terminal, and keeps the order of 5,000 lines", async () => {
    const texts = Array.from({ length: 5000 }, (_, i) => TEXTS[i % TEXTS.length]!);
    const args = ["predict", "--model", "sequence-classification", "--json", "-"];
    const { stdout, stderr, code } = await roformer(args, { cwd: folder, input: `${texts.join("\n")}\n` });
    const found = stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { text: string }).text);
    expect([code, stderr, found]).toEqual([0, "", texts]);
  });
});
