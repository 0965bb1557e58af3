import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readRows } from "../../ts/data/rows.js";
import { roformer, temporaryFolder } from "../process.js";

const words = { yes: ["good", "great", "lovely", "fine", "joy"], no: ["bad", "awful", "poor", "sad", "bore"] };
const rows = Array.from({ length: 80 }, (_, i) => {
  const label = i % 2 === 0 ? "yes" : "no";
  // A row in eight has the other label: it is wrong for any model that has learned.
  const given = i % 8 === 7 ? (label === "yes" ? "no" : "yes") : label;
  return { id: i, text: `it is ${words[label][i % 5]}, number ${i}`, label: given, note: `a "quote",\nand ${i}` };
});
const quoted = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;
const csv = `id,text,label,note\n${rows.map((row) => Object.values(row).map(quoted).join(",")).join("\n")}\n`;

const columns = ["--text", "text", "--label", "label"];
const small = ["--layers", "1", "--width", "16", "--heads", "2", "--vocab-size", "80", "--batch", "8", "--lr", "3e-3"];

let folder: string;
const call = (...args: string[]) => roformer(args, { cwd: folder });
async function read(file: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for await (const { values } of readRows(join(folder, file), { quoted: true })) found.push({ ...values });
  return found;
}
const train = ["finetune", "--train", "rows.csv", ...columns, ...small];

beforeAll(async () => {
  folder = join(temporaryFolder(), "reports");
  mkdirSync(folder);
  writeFileSync(join(folder, "rows.csv"), csv);
  writeFileSync(
    join(folder, "rows.jsonl"),
    rows.map((row) => `${JSON.stringify({ ...row, list: [row.id] })}\n`).join(""),
  );
  writeFileSync(join(folder, "off.yaml"), "bagOfWords: false\n");
  const { code, stderr } = await call(...train, "--epochs", "12", "--out", "model");
  expect(stderr).not.toContain("error");
  expect(code).toBe(0);
});

describe("finetune", () => {
  it("names the rows of its score, with their number, an interval and what few rows mean", async () => {
    const { stdout, stderr } = await call(...train, "--steps", "3", "--out", "few", "--tensorboard", "runs");
    expect(stdout).toMatch(/^validation, the rows that chose the epoch: 8 texts: accuracy /m);
    expect(stdout).toMatch(/^95 % interval of accuracy: [\d.]+ % to [\d.]+ %, n 8$/m);
    expect(stdout).toMatch(/^With 8 rows an accuracy of \d+ % may be anything from \d+ to \d+ %\.$/m);
    expect(stdout).toMatch(/^a bag of words on the same rows: accuracy [\d.]+ %$/m);
    expect(stdout).toMatch(/^label +precision +recall +F1 +texts$/m);
    expect(stderr).toMatch(/^1\/3 steps {2}loss [\d.]+ {2}rate \S+ {2}\d+ tokens\/s {2}\d+ s left {2}\d+ MiB$/m);
    expect(stderr + stdout).not.toContain("training loss"); // not a terminal
    expect(readdirSync(join(folder, "runs"))).toHaveLength(1);
    const tested = await call(...train, "--steps", "3", "--test", "rows.csv", "--out", "few", "--json");
    expect(JSON.parse(tested.stdout)).toMatchObject({
      part: "test",
      n: 80,
      bagOfWords: { n: 80 },
      split: { test: 80 },
    });
  });

  it("leaves the bag of words out, by flag or config file", async () => {
    for (const off of [["--no-bag-of-words"], ["--config", "off.yaml"]]) {
      const { stdout } = await call(...train, "--steps", "1", "--out", "none", "--json", ...off);
      const metrics = JSON.parse(stdout);
      expect(metrics.bagOfWords).toBeUndefined();
      expect(metrics.settings.bagOfWords).toBe(false);
    }
  });
});

describe("evaluate", () => {
  const score = (...more: string[]) => call("evaluate", "--model", "model", "--data", "rows.csv", ...columns, ...more);

  it("has all that the plain output has with --json", async () => {
    const [json, { stdout }] = [JSON.parse((await score("--json")).stdout), await score()];
    const { n, accuracy, f1, f1Label, low, high, confusionMatrix, labels, perClass, loss, notes } = json;
    const percent = (x: number) => `${(100 * x).toFixed(2)} %`;
    expect(stdout).toContain(`${n} texts: accuracy ${percent(accuracy)}, F1 ${f1.toFixed(4)}, precision`);
    expect(stdout).toContain(`of ${JSON.stringify(f1Label)}, loss ${loss.toFixed(4)}`);
    expect(stdout).toContain(`95 % interval of accuracy: ${percent(low)} to ${percent(high)}, n 80`);
    for (const [i, row] of confusionMatrix.entries())
      expect(stdout).toMatch(new RegExp(`^${labels[i]} +${row.join(" +")}$`, "m"));
    for (const one of perClass)
      expect(stdout).toMatch(new RegExp(`^${one.label} +${one.precision.toFixed(4)} +.* ${one.support}$`, "m"));
    for (const note of notes) expect(stdout).toContain(note);
  });

  it.each(["csv", "tsv", "jsonl"])(
    "--errors writes the wrong rows with their columns, the worst first: %s",
    async (format) => {
      const { stdout } = await score("--errors", `wrong.${format}`);
      const { accuracy } = JSON.parse((await score("--json")).stdout);
      const wrong = await read(`wrong.${format}`);
      expect(wrong.length).toBe(80 - Math.round(80 * accuracy));
      expect(wrong.length).toBeGreaterThan(3);
      expect(stdout).toContain(`${wrong.length} wrong rows are in wrong.${format}`);
      for (const { id, text, label, note, predicted, score, loss, ...more } of wrong) {
        const row = rows[Number(id)]!;
        expect({ text, label, note }).toEqual({ text: row.text, label: row.label, note: row.note });
        expect(predicted).toBe(label === "yes" ? "no" : "yes");
        expect(Math.exp(-Number(loss))).toBeCloseTo(1 - Number(score), 5);
        expect(more).toEqual({});
      }
      const losses = wrong.map(({ loss }) => Number(loss));
      expect(losses).toEqual([...losses].sort((a, b) => b - a));
    },
  );

  it("--errors refuses other endings and places, before the model is loaded, and writes a header where nothing is wrong", async () => {
    const other = await score("--errors", "wrong.xlsx");
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain('"wrong.xlsx" does not end with .csv, .tsv or .jsonl');
    const missing = await call(
      "evaluate",
      "--model",
      "no model",
      "--data",
      "rows.csv",
      ...columns,
      "--errors",
      "rows.csv/place.csv",
    );
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain("rows.csv/place.csv cannot be written");
    writeFileSync(join(folder, "right.csv"), `x,text,label\n1,${rows[0]!.text.replace(",", "")},yes\n`);
    await call("evaluate", "--model", "model", "--data", "right.csv", ...columns, "--errors", "none.csv");
    expect(readFileSync(join(folder, "none.csv"), "utf8")).toBe("x,text,label,predicted,score,loss\n");
  });
});

describe("predict --out", () => {
  it.each(["csv", "jsonl"])("keeps the input's columns and adds label and score: %s", async (format) => {
    const args = ["predict", "--model", "model", "--data", `rows.${format}`, "--text", "text"];
    const { stdout } = await call(...args, "--out", `labeled.${format}`);
    expect(stdout).toBe(`80 rows are in labeled.${format}\n`);
    const printed = (await call(...args, "--json")).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const found = await read(`labeled.${format}`);
    expect(found).toHaveLength(80);
    for (const [i, { predicted_label, score, list, ...row }] of found.entries()) {
      expect(predicted_label).toBe(printed[i].label);
      expect(Number(score)).toBe(printed[i].score);
      expect(row).toEqual(format === "csv" ? { ...rows[i], id: String(i) } : rows[i]);
      expect(list).toEqual(format === "csv" ? undefined : [i]);
    }
  });

  it("takes arguments and lines, and calls the label so where no column does", async () => {
    expect((await call("predict", "--model", "model", "good, and\tfine", "--out", "words.tsv")).code).toBe(0);
    expect(await read("words.tsv")).toEqual([
      { text: "good, and\tfine", label: expect.stringMatching(/yes|no/), score: expect.any(String) },
    ]);
    const { code } = await roformer(["predict", "--model", "model", "-", "--out", "lines.jsonl"], {
      cwd: folder,
      input: "a\nb\n",
    });
    expect(code).toBe(0);
    expect((await read("lines.jsonl")).map(({ text }) => text)).toEqual(["a", "b"]);
    expect(existsSync(join(folder, "lines.jsonl"))).toBe(true);
  });
});
