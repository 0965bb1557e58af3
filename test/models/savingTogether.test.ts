import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { RoFormer } from "../../ts/index.js";
import { ROOT, run, temporaryFolder } from "../process.js";
import { createSession } from "../session/built.js";

const program = join(ROOT, "test/programs/savesTogether.mjs");
const sizes = { hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };

/** A folder with files of a user's. */
function userFolder(): string {
  const home = temporaryFolder();
  mkdirSync(join(home, "out/data"), { recursive: true });
  writeFileSync(join(home, "out/notes.txt"), "mine");
  writeFileSync(join(home, "out/data/a.csv"), "mine");
  return home;
}

/** The number in all files of a model; the user's files are there, and nothing else is. */
async function whole(home: string): Promise<number> {
  const out = join(home, "out");
  for (const name of ["notes.txt", "data/a.csv"]) expect(readFileSync(join(out, name), "utf8")).toBe("mine");
  const mark = Number(readFileSync(join(out, "metrics.json"), "utf8"));
  const model = await RoFormer.load(out);
  expect([(model.config as { mark?: number }).mark]).toEqual([mark]);
  expect(new Set(model.parameters().flatMap((one) => [...one.read()]))).toEqual(new Set([mark]));
  model.close();
  const weights = readdirSync(out).filter((name) => /safetensors/.test(name));
  if (mark % 2 === 0) expect(weights).toEqual(["model.safetensors"]);
  else expect(weights).toContain("model.safetensors.index.json");
  expect(readdirSync(out).filter((name) => name.startsWith("."))).toEqual([]);
  return mark;
}

it("of two processes leaves one of the models, whole, and the user's files", { timeout: 120_000 }, async () => {
  const home = userFolder();
  const start = String(Date.now() + 3000);
  const ended = await Promise.all([2, 3].map((mark) => run([program, join(home, "out"), "60", String(mark), start])));
  expect(ended.map(({ stdout, stderr, code }) => [stdout, stderr, code])).toEqual([
    ["", "", 0],
    ["", "", 0],
  ]);
  expect([2, 3]).toContain(await whole(home));
  expect(readdirSync(home)).toEqual(["out"]);
});

it("of two sessions leaves one of the models, whole, and the user's files", { timeout: 120_000 }, async () => {
  const home = userFolder();
  const sessions = await Promise.all([createSession(), createSession()]);
  await Promise.all(
    sessions.map(async (session, i) => {
      const model = await session.create({ vocab_size: 10, ...sizes, mark: i + 2 } as never);
      for (const one of await model.parameters()) await one.write((await one.read()).fill(i + 2));
      const files = new Map([["metrics.json", String(i + 2)]]);
      for (let n = 0; n < 20; n++)
        await model.save(join(home, "out"), { files, ...(i === 1 && { maxShardBytes: 600 }) });
    }),
  );
  await Promise.all(sessions.map((session) => session.close()));
  expect([2, 3]).toContain(await whole(home));
  expect(readdirSync(home)).toEqual(["out"]);
});

it("by several spellings of a path is one folder's: the last one's", { timeout: 60_000 }, async () => {
  const home = userFolder();
  const out = join(home, "out");
  const spellings = [out, `${out}/`, join(home, "./x/../out"), `${home}//out/.`];
  if (process.platform !== "win32") {
    symlinkSync("out", join(home, "link"));
    spellings.push(join(home, "link"));
  }
  const models = [2, 3].map((mark) => {
    const model = RoFormer.create({ vocab_size: 10, ...sizes, mark } as never);
    for (const parameter of model.parameters()) parameter.write(parameter.read().fill(mark));
    return model;
  });
  for (let round = 0; round < 5; round++) {
    const saves = spellings.map((path, i) => {
      const mark = (i + round) % 2;
      const files = new Map([["metrics.json", String(mark + 2)]]);
      return models[mark]!.save(path, { files, ...(mark === 1 && { maxShardBytes: 600 }) });
    });
    await Promise.all(saves);
    expect(await whole(home)).toBe(((spellings.length - 1 + round) % 2) + 2);
  }
  for (const model of models) model.close();
});

it.skipIf(process.platform === "win32")(
  "by processes that are killed loses nothing and mixes nothing",
  { timeout: 300_000 },
  () => {
    const kills = join(ROOT, "test/programs/saveKills.mjs");
    const { stdout, stderr, status } = spawnSync(process.execPath, [kills, "25"], { encoding: "utf8" });
    expect(stderr).toBe("");
    const counts = JSON.parse(stdout);
    expect(counts).toMatchObject({ kills: 25, lost: 0, leftAfterwards: 0, problems: [] });
    expect(counts.own.wrong ?? 0).toBe(0);
    expect(status).toBe(0);
  },
);
