import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { smallModel } from "../pipelines/models.js";
import { ROOT, temporaryFolder } from "../process.js";
import * as built from "./built.js";
import { createPool, createSession, failure, session } from "./built.js";

const config = { vocab_size: 9, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };
const long = { train: built.rows(60), text: "text", label: "label", batch: 4, epochs: 10_000 };
type Pool = Awaited<ReturnType<typeof createPool>>;
const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});
async function poolOf(size: number, maxQueue?: number): Promise<Pool> {
  const pool = await createPool({ size, ...(maxQueue && { maxQueue }) });
  pools.push(pool);
  return pool;
}

/** The part of a stack below the worker's: the caller's lines. */
const callersPart = ({ stack }: Error): string => stack!.split("\n    called by:\n").at(-1)!;

describe("an error ends with the lines of whoever called:", () => {
  async function theUsersOwnFunction<T>(call: () => Promise<T>): Promise<Error & { reason?: unknown }> {
    return failure(call());
  }

  it("a session's, with the worker's lines above", async () => {
    const asked = await session();
    const made = await asked.create(config);
    const calls: (() => Promise<unknown>)[] = [
      () => asked.load("/no/such/folder"),
      () => asked.create({ ...config, hidden_size: 7 }),
      () => asked.finetune({ ...long, train: "no/such/file.csv" }),
      () => asked.inspect("/no/such/folder"),
      () => made.forward({ inputIds: [[100]] }),
      () => made.classify("a"),
      () => made.valueAndGrad({ inputIds: [[1]] }),
    ];
    for (const call of calls) {
      const error = await theUsersOwnFunction(call);
      const [above, below] = error.stack!.split("\n    called by:\n");
      expect(above).toContain("session/worker.js");
      expect(above).toContain(error.message);
      expect(below).toContain("theUsersOwnFunction");
      expect(below).toContain("callers.test.ts");
      expect(below).not.toContain("worker.js");
    }
  });

  it("one that ends with the session, each call with its own", async () => {
    const asked = await session();
    async function firstCaller() {
      return asked.finetune(long);
    }
    async function secondCaller() {
      return asked.create(config);
    }
    const ends = [failure(firstCaller()), failure(secondCaller())];
    await new Promise((resolve) => setTimeout(resolve, 100));
    await asked.close();
    const [first, second] = await Promise.all(ends);
    expect(first).not.toBe(second);
    expect(callersPart(first!)).toContain("firstCaller");
    expect(callersPart(second!)).toContain("secondCaller");
    for (const error of [first, second]) expect(error).toMatchObject({ reason: "closed" });
    expect(callersPart(await theUsersOwnFunction(() => asked.create(config)))).toContain("theUsersOwnFunction");
    expect(callersPart(await theUsersOwnFunction(() => asked.restart()))).toContain("theUsersOwnFunction");
  });

  it("createSession's and createPool's", async () => {
    const wasm = new Uint8Array([1, 2, 3]);
    const starts: (() => Promise<unknown>)[] = [() => createSession({ wasm }), () => createPool({ size: 1, wasm })];
    for (const start of starts) expect(callersPart(await theUsersOwnFunction(start))).toContain("theUsersOwnFunction");
  });

  it("a pool's, after it has waited", async () => {
    const pool = await poolOf(1, 2);
    const files = await (await smallModel("sequence-classification")).files();
    const made = await pool.load(files);
    expect(callersPart(await theUsersOwnFunction(() => pool.load("/no/such/folder")))).toContain("theUsersOwnFunction");
    const many = Array.from({ length: 8 }, () => theUsersOwnFunction(() => made.classify(5 as never)));
    const ends = await Promise.all(many);
    for (const error of ends) expect(callersPart(error)).toContain("theUsersOwnFunction");
    expect(ends.filter(({ reason }) => reason === "queue-full").length).toBeGreaterThan(0);
    expect(ends.some(({ stack }) => stack!.includes("session/worker.js"))).toBe(true);
    async function insideOfRun(asked: built.Session) {
      return asked.load("/no/such/folder");
    }
    // Here it is the call within that failed.
    expect(callersPart(await failure(pool.run(insideOfRun)))).toContain("insideOfRun");
    await pool.close();
    const closed = await theUsersOwnFunction(() => made.classify("a"));
    expect(callersPart(closed)).toContain("theUsersOwnFunction");
    expect(closed).toMatchObject({ name: "EngineError", reason: "closed" });
  });

  it("and none of the user's own errors is changed", async () => {
    const pool = await poolOf(1);
    const mine = new Error("mine");
    const { stack } = mine;
    expect(await failure(pool.run(() => Promise.reject(mine)))).toBe(mine);
    expect(mine.stack).toBe(stack);
  });
});

it("a program that does not catch shows its own line", async () => {
  const file = join(temporaryFolder(), "main.mjs");
  const entry = JSON.stringify(join(ROOT, "dist/session/index.js"));
  writeFileSync(
    file,
    `import { createSession } from ${entry};\nconst session = await createSession({ threads: 1 });\nawait session.load("/none");\n`,
  );
  const child = spawn(process.execPath, [file]);
  let text = "";
  child.stderr.on("data", (part) => {
    text += part;
  });
  await once(child, "close");
  expect(text).toMatch(/main\.mjs:3:15/);
  expect(text).toContain("/none/config.json: no such file");
});
