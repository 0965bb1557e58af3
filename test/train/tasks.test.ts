import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, DataError, RoFormer } from "../../ts/index.js";
import { finetuneFold, type Judged } from "../../ts/train/finetune.js";
import { type AnyEvaluation, evaluate, type FinetuneOptions, finetune, type TaskName } from "../../ts/train/index.js";
import { taskKind } from "../../ts/train/tasks/index.js";
import { temporaryFolder } from "../process.js";

const COLORS = ["red", "green", "blue", "black"];
const THINGS = ["car", "house", "tree", "boat", "shoe"];
const pick = <T>(list: readonly T[], i: number): T => list[i % list.length]!;
const rowsOf = <T>(row: (i: number) => T): T[] => Array.from({ length: 100 }, (_, i) => row(i));
const sentence = (i: number) => `the ${pick(COLORS, i)} ${pick(THINGS, i * 7)} number ${i}`;

const small = { layers: 1, width: 32, heads: 2, vocabSize: 200, batch: 10, lr: 5e-3, dropout: 0, maskRate: 0, seed: 1 };

interface Case {
  readonly rows: readonly object[];
  readonly columns: object;
  readonly epochs: number;
  /** What chance would reach, and what the model must. */
  readonly score: (evaluation: AnyEvaluation) => number;
  readonly chance: number;
  readonly least: number;
}

const metric = (name: string) => (evaluation: AnyEvaluation) =>
  (evaluation.metrics as unknown as Record<string, number>)[name]!;

/** A hundred rows of each task, with what chance would reach on them. */
const cases: Record<TaskName, Case> = {
  classify: {
    rows: rowsOf((i) => ({ text: sentence(i), label: pick(COLORS, i) })),
    columns: { text: "text", label: "label" },
    ...{ epochs: 20, score: metric("accuracy"), chance: 0.25, least: 0.9 },
  },
  regress: {
    rows: rowsOf((i) => ({ text: sentence(i), label: (i % 4) / 2 + 0.25 })),
    columns: { text: "text", label: "label" },
    ...{ epochs: 30, score: metric("spearman"), chance: 0, least: 0.8 },
  },
  multilabel: {
    rows: rowsOf((i) => ({ text: sentence(i), label: [pick(COLORS, i), pick(THINGS, i * 7)] })),
    columns: { text: "text", label: "label" },
    ...{ epochs: 80, score: metric("microF1"), chance: 2 / 9, least: 0.7 },
  },
  tag: {
    rows: rowsOf((i) => ({
      words: sentence(i).split(" "),
      tags: ["O", "B-COLOR", "B-THING", "O", "O"],
    })),
    columns: { words: "words", tags: "tags" },
    ...{ epochs: 15, score: metric("f1"), chance: 0.3, least: 0.9 },
  },
  span: {
    rows: rowsOf((i) => {
      const context = `${sentence(i)} stands in ${pick(THINGS, i)} street`;
      const text = pick(COLORS, i);
      return { question: "which color", context, answers: { text: [text], answer_start: [context.indexOf(text)] } };
    }),
    columns: { question: "question", context: "context", answers: "answers" },
    ...{ epochs: 30, score: metric("exactMatch"), chance: 3, least: 80 },
  },
  choose: {
    rows: rowsOf((i) => {
      const choices = [`it is ${pick(COLORS, i)}`, `it is ${pick(COLORS, i + 1)}`];
      return {
        text: `${pick(COLORS, i)} ${i}`,
        a: choices[i % 3 === 0 ? 0 : 1],
        b: choices[i % 3 === 0 ? 1 : 0],
        label: i % 3 === 0 ? 0 : 1,
      };
    }),
    columns: { text: "text", choices: ["a", "b"], label: "label" },
    ...{ epochs: 60, score: metric("accuracy"), chance: 0.67, least: 0.8 },
  },
  pairrank: {
    rows: rowsOf((i) => ({ a: sentence(i), b: `fine ${pick(THINGS, i)}`, c: `awful ${pick(THINGS, i + 1)}` })),
    columns: { anchor: "a", positive: "b", negative: "c" },
    ...{ epochs: 10, score: metric("accuracy"), chance: 0.5, least: 0.9 },
  },
  embed: {
    rows: rowsOf((i) => ({
      text: `the ${pick(COLORS, i)} one, ${i}`,
      other: `${pick(COLORS, i % 2 ? i : i + 1)} things ${99 - i}`,
      label: i % 2 ? 4.5 : 0.5,
    })),
    columns: { text: "text", textPair: "other", label: "label" },
    ...{ epochs: 20, score: metric("spearman"), chance: 0, least: 0.6 },
  },
};

const names = Object.keys(cases) as TaskName[];

describe.each(names)("finetune for %s", (task) => {
  const { rows, columns, epochs, score, chance, least } = cases[task];
  const options = { task, train: rows, ...columns, ...small, epochs } as unknown as FinetuneOptions;

  it("learns from a hundred rows, and scores the same once it is saved and loaded", { timeout: 120_000 }, async () => {
    const out = join(temporaryFolder(), "model");
    const { model, evaluation } = await finetune({ ...options, out });
    const found = score(evaluation as AnyEvaluation);
    expect(least).toBeGreaterThan(chance);
    expect(found).toBeGreaterThanOrEqual(least);
    model.close();
    const loaded = await RoFormer.load(out);
    const again = await evaluate(loaded, { data: rows, ...columns } as never);
    expect(again.problem).toBe(evaluation.problem);
    expect(score(again)).toBeGreaterThanOrEqual(least);
    loaded.close();
  });

  it("scores the rows of several evaluations together, also from JSON", async () => {
    const triplets = rows.map((row) => ({ ...row, far: "something else" }));
    const { label: _, ...unlabeled } = columns as { readonly label?: string };
    const others = task === "embed" ? [unlabeled, { ...unlabeled, negative: "far" }] : [];
    for (const own of [columns, ...others]) {
      let judged: Judged | undefined;
      const all = {
        task,
        ...own,
        ...small,
        steps: 2,
        train: triplets,
        valid: triplets.slice(60),
        test: triplets.slice(50),
      };
      const { model, evaluation } = await finetuneFold(all as never, { onJudged: (one) => (judged = one) });
      model.close();
      const plain = (_: string, value: unknown) => (ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value);
      const read = JSON.parse(JSON.stringify(judged, plain)) as Judged;
      const { intervalOf, low, high, f1Label, ...both } = evaluation!.metrics as unknown as Record<string, unknown>;
      const { temperature, lossBefore, expectedCalibrationErrorBefore, ...metrics } = both; // of the run, not of the rows
      const pooled = (which: readonly unknown[]) =>
        taskKind(task)
          .ofModel(read.config, own as never)
          .pooled(which) as Record<string, number>;
      expect(pooled(read.rows)).toMatchObject(metrics);
      // Two halves are as much as the whole, where metrics are means over rows.
      const [half, rest] = [pooled(read.rows.slice(0, 20)), pooled(read.rows.slice(20))];
      expect([half.n, rest.n]).toEqual([20, 30]);
      for (const name of ["accuracy", "exactMatch", "mrr10"].filter((one) => one in metrics && task !== "tag"))
        expect((20 * half[name]! + 30 * rest[name]!) / 50).toBeCloseTo(metrics[name] as number, 12);
    }
  });

  it("is inferred from its columns or labels, which is said", async () => {
    const messages: string[] = [];
    const onMessage = (line: string) => messages.push(line);
    const train = rows;
    const { task: _, ...rest } = options;
    const scored = task === "embed" ? { task } : {}; // pairs with labels may be anything
    const result = await finetune({ ...rest, ...scored, train, steps: 1, onMessage } as FinetuneOptions);
    expect(result.evaluation.problem).toBe(
      {
        ...{ classify: "single_label_classification", regress: "regression", multilabel: "multi_label_classification" },
        ...{ tag: "token_classification", span: "question_answering", choose: "multiple_choice" },
        ...{ pairrank: "pair_ranking", embed: "sentence_similarity" },
      }[task],
    );
    const isSaid = messages.some((line) => line.startsWith(`task ${task}, since `));
    expect(isSaid).toBe(task !== "classify" && task !== "embed");
    result.model.close();
  });
});

describe("finetune refuses", () => {
  const run = (options: object) => {
    const { train } = options as { train: object[] };
    return finetune({ ...small, steps: 1, valid: train, ...options } as unknown as FinetuneOptions);
  };
  const spans = (answers: unknown) => ({ train: [{ question: "q", context: "a b c", answers }], question: "question" });

  it.each<[string, object, new (...args: never[]) => Error, RegExp]>([
    [
      "an unknown task",
      { task: "translates", train: [] },
      ConfigError,
      /task is "translates", not one of classify, regress/,
    ],
    [
      "unknown metrics",
      { ...cases.classify.columns, train: cases.classify.rows, metric: "auc", epochs: 2, steps: undefined },
      ConfigError,
      /metric is "auc", not one of n, loss, accuracy/,
    ],
    [
      "words without tags",
      {
        words: "words",
        train: [
          { words: ["a", "b"], tags: ["O"] },
          { words: ["a"], tags: ["X"] },
        ],
      },
      DataError,
      /train\[0\]: 2 words have 1 tags/,
    ],
    ["one tag", { words: "words", train: [{ words: ["a"], tags: ["O"] }] }, DataError, /every word has the same tag/],
    [
      "an answer that is not there",
      spans({ text: ["b"], answer_start: [0] }),
      DataError,
      /train\[0\]: "answers": at 0 stands "a", not "b"/,
    ],
    [
      "answers of another form",
      spans("b"),
      DataError,
      /"answers" is a string, not \{ text: \[…\], answer_start: \[…\] \}/,
    ],
    [
      "a label that is not a choice",
      { text: "text", choices: ["a", "b"], train: [{ text: "x", a: "1", b: "2", label: 2 }] },
      DataError,
      /the label is "2", not the number of a choice, 0 to 1/,
    ],
    [
      "one choice",
      { text: "text", choices: ["a"], train: [{ text: "x", a: "1", label: 0 }] },
      ConfigError,
      /choices names 1 column/,
    ],
    [
      "scored triplets",
      { task: "embed", text: "a", textPair: "b", negative: "c", label: "d", train: [{ a: "x", b: "y", c: "z", d: 1 }] },
      ConfigError,
      /not both/,
    ],
    [
      "another loss",
      { task: "embed", text: "a", textPair: "b", loss: "cosent", train: [{ a: "x", b: "y" }] },
      ConfigError,
      /loss is "cosent"; these columns go with in-batch-negatives/,
    ],
    [
      "a similarity that is not a number",
      {
        task: "embed",
        text: "a",
        textPair: "b",
        label: "c",
        train: [{ a: "x", b: "y", c: "z" }],
        valid: [{ a: "x", b: "y", c: 1 }],
      },
      DataError,
      /the label is "z", not a number/,
    ],
  ])("%s", async (_, options, type, message) => {
    const running = run(options);
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.toBeInstanceOf(type);
  });
});

it("reads answers by code points and by UTF-16 units", async () => {
  const context = "😀😀 the cat sat";
  const row = (start: number) => ({ question: "who", context, answers: { text: ["cat"], answer_start: [start] } });
  const train = [
    row(7),
    row(9),
    { question: "who", context: `${context} again`, answers: { text: [], answer_start: [] } },
  ];
  const { model, evaluation } = await finetune({ task: "span", train, valid: train, ...small, steps: 40 });
  expect(evaluation.metrics).toMatchObject({ n: 3 });
  model.close();
});
