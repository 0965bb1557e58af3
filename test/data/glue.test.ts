import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { type GlueSplit, glueNames, glueTask } from "../../ts/data/glue.js";
import { readGlue } from "../../ts/data/glueRows.js";
import { glueScores, glueSubmission, saveGlueSubmission } from "../../ts/data/glueScores.js";
import { ConfigError, DataError, ShapeError } from "../../ts/errors.js";
import { golden } from "../golden.js";
import { ROOT } from "../process.js";

interface Reference {
  readonly labels: readonly string[] | null;
  /** A label is an id or a number, and −1 where it is secret. */
  readonly rows: readonly Readonly<Record<string, unknown> & { label: number }>[];
}

const DATA = join(ROOT, "test/golden/glue/data");
const reference = golden<Readonly<Record<string, Reference>>>("glue/rows.json");
const made = mkdtempSync(join(tmpdir(), "glue-"));
afterAll(() => rmSync(made, { recursive: true }));

/** A folder of a task, with one file. */
function folderOf(task: string, file: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(made, "data-"));
  mkdirSync(join(folder, task));
  writeFileSync(join(folder, task, file), content);
  return folder;
}

const valuesOf = async (folder: string, name: string, split: string) =>
  (await readGlue(folder, name, split as GlueSplit)).rows.map(({ values }) => ({ ...values }));

test.each(Object.keys(reference))("rows, labels and idx are Hugging Face's: %s", async (key) => {
  const [name, split] = key.split(" ") as [string, string];
  const { labels, rows } = reference[key]!;
  const task = glueTask(name);
  expect(task.labels ?? null).toEqual(labels);
  const expected = rows.map(({ label, ...row }) => ({
    ...row,
    ...(label !== -1 && { label: labels?.[label] ?? label }),
  }));
  expect(await valuesOf(DATA, name, split)).toEqual(expected);
  for (const row of await valuesOf(DATA, name, split))
    expect(Object.keys(row)).toEqual(expect.arrayContaining([task.text, ...(task.textPair ? [task.textPair] : [])]));
});

test("every task and split is compared, and rows without a text or a label are counted", async () => {
  const all = glueNames.flatMap((name) => Object.keys(glueTask(name).files).map((split) => `${name} ${split}`));
  expect(all.sort()).toEqual(Object.keys(reference).sort());
  const { rows, skipped } = await readGlue(DATA, "qqp", "train");
  expect([rows.length, skipped]).toEqual([3, 4]);
  expect(rows.at(-1)).toMatchObject({ line: 8, file: join(DATA, "QQP/train.tsv") });
});

test("rows without a text or a label are kept where a prediction of each is wanted", async () => {
  const found = await readGlue(DATA, "qqp", "test", { incomplete: "empty" });
  expect(found.rows.map(({ values }) => values)).toEqual([
    { question1: "How?", question2: "Why?", idx: 0 },
    { question1: "short", question2: "", idx: 1 },
    { question1: "So?", question2: "So what?", idx: 2 },
  ]);
  expect(found.skipped).toBe(0);
  const train = await readGlue(DATA, "qqp", "train", { incomplete: "empty" });
  expect([train.rows.length, train.rows[4]!.values]).toEqual([
    7,
    { question1: "No label?", question2: "None?", idx: 4 },
  ]);
  await expect(readGlue(DATA, "qqp", "test", { incomplete: "drop" as never })).rejects.toThrow(
    'incomplete is "drop", not "skip" or "empty"',
  );
});

describe("files are found", () => {
  const content = "sentence\tlabel\na\t1\n";

  test("in the task's own folder, under other spellings of its name, with CRLF, and gzipped", async () => {
    const expected = [{ sentence: "a", label: "positive", idx: 0 }];
    expect(await valuesOf(join(DATA, "SST-2/"), "SST-2", "train")).toHaveLength(3);
    expect(await valuesOf(folderOf("sst2", "train.tsv", content), "sst-2", "train")).toEqual(expected);
    expect(await valuesOf(folderOf("SST-2", "train.tsv", content.replaceAll("\n", "\r\n")), "sst2", "train")).toEqual(
      expected,
    );
    expect(await valuesOf(folderOf("SST-2", "train.tsv.gz", gzipSync(content)), "sst2", "train")).toEqual(expected);
  });

  test("MNLI's dev.tsv, as subsets of the task have it", async () => {
    const text = "index\tsentence1\tsentence2\tgold_label\n0\ta\tb\tneutral\n";
    expect(await valuesOf(folderOf("MNLI", "dev.tsv", text), "mnli", "validation_matched")).toEqual([
      { premise: "a", hypothesis: "b", label: "neutral", idx: 0 },
    ]);
  });

  test("the diagnostic set in MNLI's folder too", async () => {
    const folder = folderOf("MNLI", "diagnostic.tsv", 'index\tsentence1\tsentence2\n0\ta\t"b\n');
    expect(await valuesOf(folder, "ax", "test")).toEqual([{ premise: "a", hypothesis: '"b', idx: 0 }]);
    expect(await valuesOf(join(folder, "MNLI"), "ax", "test")).toHaveLength(1);
  });

  test("MRPC's as train.tsv and dev.tsv too", async () => {
    const header = "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n";
    const folder = folderOf("MRPC", "train.tsv", `${header}1\t7\t8\ta\tb\n`);
    writeFileSync(join(folder, "MRPC/dev.tsv"), `${header}0\t1\t2\tc\td\n`);
    writeFileSync(join(folder, "MRPC/test.tsv"), "index\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t1\t2\te\tf\n");
    expect(await valuesOf(folder, "mrpc", "train")).toEqual([
      { sentence1: "a", sentence2: "b", label: "equivalent", idx: 0 },
    ]);
    expect(await valuesOf(folder, "mrpc", "validation")).toEqual([
      { sentence1: "c", sentence2: "d", label: "not_equivalent", idx: 0 },
    ]);
    expect(await valuesOf(folder, "mrpc", "test")).toEqual([{ sentence1: "e", sentence2: "f", idx: 0 }]);
    cpSync(join(DATA, "MRPC"), join(folder, "MRPC"), { recursive: true });
    expect(await valuesOf(folder, "mrpc", "train")).toHaveLength(2);
  });
});

test("the official scores are those of the leaderboard", () => {
  const [predictions, labels] = [
    [1, 1, 0, 0, 1],
    [1, 0, 0, 1, 1],
  ];
  // By hand, see metrics.test.ts; F1 is that of label 1.
  expect(glueScores("cola", predictions, labels)).toEqual({ matthews: expect.closeTo(1 / 6, 12) });
  for (const name of ["mrpc", "qqp"])
    expect(glueScores(name, predictions, labels)).toEqual({ accuracy: 3 / 5, f1: expect.closeTo(2 / 3, 12) });
  for (const name of ["sst2", "mnli", "qnli", "rte", "wnli"])
    expect(glueScores(name, predictions, labels)).toEqual({ accuracy: 3 / 5 });
  // Σ(p − 8/3)(l − 5/3) = 17/3, Σ(p − 8/3)² = 26/3, Σ(l − 5/3)² = 14/3; the ranks are the same.
  expect(glueScores("stsb", [1, 2, 5], [0, 2, 3])).toEqual({
    pearson: expect.closeTo(17 / Math.sqrt(26 * 14), 12),
    spearman: expect.closeTo(1, 12),
  });
});

describe("files for the leaderboard", () => {
  test("have the official names, and the labels that the leaderboard takes", () => {
    const names = glueNames.flatMap((name) =>
      Object.keys(glueTask(name).submissions).map((split) => {
        const predictions = name === "stsb" ? [2.5] : [1, glueTask(name).labels![0]!];
        const { file, text } = glueSubmission(name, predictions, split as GlueSplit);
        return [
          file,
          ...text
            .split("\n")
            .slice(1, -1)
            .map((line) => line.split("\t")[1]),
        ];
      }),
    );
    expect(Object.fromEntries(names.map(([file, ...written]) => [file, written]))).toEqual({
      "AX.tsv": ["neutral", "entailment"],
      "CoLA.tsv": ["1", "0"],
      "MNLI-m.tsv": ["neutral", "entailment"],
      "MNLI-mm.tsv": ["neutral", "entailment"],
      "MRPC.tsv": ["1", "0"],
      "QNLI.tsv": ["not_entailment", "entailment"],
      "QQP.tsv": ["1", "0"],
      "RTE.tsv": ["not_entailment", "entailment"],
      "SST-2.tsv": ["1", "0"],
      "STS-B.tsv": ["2.500"],
      "WNLI.tsv": ["1", "0"],
    });
  });

  test("are those of jiant, byte by byte", () => {
    const made =
      golden<Readonly<Record<string, { predictions: readonly number[]; file: string; text: string }>>>(
        "glue/submissions.json",
      );
    const keys = glueNames.flatMap((name) =>
      Object.keys(glueTask(name).submissions).map((split) => `${name} ${split}`),
    );
    expect(Object.keys(made).sort()).toEqual(keys.sort());
    for (const [key, { predictions, file, text }] of Object.entries(made)) {
      const [name, split] = key.split(" ") as [string, GlueSplit];
      expect(glueSubmission(name, predictions, split)).toEqual({ file, text });
    }
  });

  test("count from 0 below a header, and are written into a new folder", async () => {
    const folder = join(made, "new/submission");
    const path = await saveGlueSubmission(`${folder}/`, "stsb", [-0.2, 5.3, 1.23456]);
    expect(path).toBe(`${folder}/STS-B.tsv`);
    expect(readFileSync(path, "utf8")).toBe("index\tprediction\n0\t0.000\n1\t5.000\n2\t1.235\n");
  });

  test("are refused for what the leaderboard would refuse", () => {
    expect(() => glueSubmission("mnli", [0])).toThrow("split is test; files for the leaderboard are of test_matched, ");
    expect(() => glueSubmission("sst2", [0], "train")).toThrow(ConfigError);
    expect(() => glueSubmission("rte", [0, "neutral"])).toThrow(
      'rte: predictions[1] is "neutral"; expected one of entailment, not_entailment, or its id',
    );
    for (const wrong of [2, -1, 0.5]) expect(() => glueSubmission("cola", [wrong])).toThrow(DataError);
    for (const wrong of ["3", Number.NaN]) expect(() => glueSubmission("stsb", [wrong])).toThrow("expected a number");
    expect(() => glueSubmission("wnli", [])).toThrow(ShapeError);
  });
});

test.each<[string, string, string, string, string]>([
  [
    "sst2",
    "SST-2",
    "train",
    "sentence\tlabel\na\t2\n",
    'train.tsv:2: unknown label "2"; expected one of negative (0), ',
  ],
  [
    "rte",
    "RTE",
    "train",
    "sentence1\tsentence2\tlabel\na\tb\tno\n",
    'train.tsv:2: unknown label "no"; expected one of',
  ],
  [
    "stsb",
    "STS-B",
    "train",
    "sentence1\tsentence2\tscore\na\tb\t5.5\n",
    'the score is "5.5"; expected a number from 0',
  ],
  ["cola", "CoLA", "train", "a\t1\t\tb\na\t1\n", "train.tsv:2: 2 columns; expected source, label, star, sentence"],
  ["sst2", "SST-2", "train", "text\tlabel\na\t1\n", 'train.tsv:1: no column "sentence"; there are "text", "label"'],
  ["qnli", "QNLI", "train", "question\tsentence\na\tb\n", 'train.tsv:1: no column "label"; there are "question", '],
  ["sst2", "SST-2", "train", "sentence\tlabel\na\n", "train.tsv has no rows"],
  ["sst2", "SST-2", "validation", "", "SST-2: no dev.tsv; expected the official files of sst2, or their folder SST-2"],
])("%s: a wrong file is named", async (name, folder, split, content, message) => {
  const reading = readGlue(folderOf(folder, "train.tsv", content), name, split as GlueSplit);
  await expect(reading).rejects.toThrow(DataError);
  await expect(reading).rejects.toThrow(message);
});

test("an unknown task, split or folder is named", async () => {
  expect(() => glueTask("sst3")).toThrow("glue is sst3, not one of cola, sst2, mrpc");
  await expect(readGlue(DATA, "mnli", "validation")).rejects.toThrow(
    'mnli has no split "validation"; there are train, validation_matched',
  );
  await expect(readGlue(join(made, "none"), "mnli", "train")).rejects.toMatchObject({ reason: "not-found" });
});
