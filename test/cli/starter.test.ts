import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RoFormer } from "../../ts/index.js";
import { roformer, temporaryFolder } from "../process.js";
import { teacherFiles } from "../train/distill/teachers.js";

const LINES = {
  en: (i: number, word: string) => `that is what they have and it was ${word} for us, number ${i}`,
  de: (i: number, word: string) => `das hier war für uns alle sehr ${word} gewesen, Nummer ${i}`,
};

const csv = (language: keyof typeof LINES) =>
  `text,label\n${Array.from({ length: 24 }, (_, i) => `"${LINES[language](i, i % 2 ? "schlecht bad" : "gut good")}",${i % 2 ? "no" : "yes"}\n`).join("")}`;

/** A folder with rows, in which the package is installed or not. The model has 16 numbers a token, which no fresh one has. */
async function project(installed: boolean): Promise<string> {
  const folder = temporaryFolder();
  for (const language of ["en", "de"] as const) writeFileSync(join(folder, `${language}.csv`), csv(language));
  if (!installed) return folder;
  const found = join(folder, "node_modules/roformer-starter-en");
  mkdirSync(found, { recursive: true });
  writeFileSync(join(found, "package.json"), JSON.stringify({ name: "roformer-starter-en", version: "0.1.0" }));
  using model = await RoFormer.load(await teacherFiles());
  await model.save(join(found, "model"));
  return folder;
}

async function trained(cwd: string, language: string, ...more: string[]) {
  const out = `${language}-${more.join("")}`.replaceAll(/\W+/g, "-");
  const rows = ["--train", `${language}.csv`, "--text", "text", "--label", "label"];
  const short = ["--steps", "2", "--no-bag-of-words", "--seed", "1", "--threads", "1"];
  const { code, stderr } = await roformer(["finetune", ...rows, ...short, "--out", out, ...more], { cwd });
  expect(code).toBe(0);
  const { hidden_size } = JSON.parse(readFileSync(join(cwd, out, "config.json"), "utf8"));
  return { width: hidden_size as number, said: stderr };
}

const BEGINS =
  "begins with the model of roformer-starter-en, since the texts are English (init none: with fresh weights)";

describe("finetune where roformer-starter-en is installed", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await project(true);
  });

  it("begins with it for English texts, and says so", async () => {
    const { width, said } = await trained(folder, "en");
    expect(width).toBe(16);
    expect(said).toContain(BEGINS);
  });

  it.each([
    ["en", "--init", "none"],
    ["en", "--layers", "1"],
    ["en", "--position", "learned"],
    ["en", "--attention", "performer"],
    ["en", "--vocab-size", "60"],
    ["de"],
  ])("begins with fresh weights for %s %s %s", async (language, ...more) => {
    const { width, said } = await trained(folder, language, ...more.filter((one) => one !== undefined));
    expect(width).toBe(128);
    expect(said).not.toContain("roformer-starter-en");
  });

  it("takes another model where one is named", async () => {
    cpSync(join(folder, "node_modules/roformer-starter-en/model"), join(folder, "mine"), { recursive: true });
    const { width, said } = await trained(folder, "en", "--init", "mine");
    expect(width).toBe(16);
    expect(said).not.toContain("roformer-starter-en");
  });
});

it("finetune names the package where it is not installed, for English texts alone", async () => {
  const folder = await project(false);
  const english = await trained(folder, "en");
  expect(english.width).toBe(128);
  expect(english.said.match(/npm install roformer-starter-en/g)).toHaveLength(1);
  expect((await trained(folder, "de")).said).not.toContain("roformer-starter-en");
});

it("pretrain takes none as fresh weights", async () => {
  const folder = await project(true);
  writeFileSync(join(folder, "text.txt"), csv("en").repeat(20));
  const size = ["--layers", "1", "--width", "16", "--heads", "2", "--steps", "1", "--max-length", "16"];
  const call = ["pretrain", "--objective", "clm", "--data", "text.txt", "--init", "none", ...size, "--out", "lm"];
  expect((await roformer(call, { cwd: folder })).code).toBe(0);
});
