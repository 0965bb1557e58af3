import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { reportLines } from "../../ts/cli/report.js";
import type { AnyEvaluation } from "../../ts/train/evaluate.js";
import { evaluate, type FinetuneOptions, finetune } from "../../ts/train/index.js";
import type { TaskName } from "../../ts/train/tasks/index.js";
import { temporaryFolder } from "../process.js";

const text = (i: number) => `the cat ${i % 3} sat ${i % 5} on ${i}`;
const span = (i: number, answers: object) => ({ question: `who ${i}?`, context: `Anna ${i} sat`, answers });

interface Rows {
  readonly task: TaskName;
  readonly columns: object;
  /** Rows to train on. */
  of(i: number): object;
  /** A row that has nothing of what is looked for, or one value for all. */
  bare(i: number): object;
}

const labeled = { text: "text", label: "label" };
const CASES: Readonly<Record<string, Rows>> = {
  classify: {
    ...{ task: "classify", columns: labeled },
    of: (i) => ({ text: text(i), label: "abc"[i % 3] }),
    bare: (i) => ({ text: text(i), label: "a" }),
  },
  "classify, two": {
    ...{ task: "classify", columns: labeled },
    of: (i) => ({ text: text(i), label: "ab"[i % 2] }),
    bare: (i) => ({ text: text(i), label: "a" }),
  },
  regress: {
    ...{ task: "regress", columns: labeled },
    of: (i) => ({ text: text(i), label: i / 3 }),
    bare: (i) => ({ text: text(i), label: 1 }),
  },
  multilabel: {
    ...{ task: "multilabel", columns: labeled },
    of: (i) => ({ text: text(i), label: [["a", "b"], ["b"], ["c"]][i % 3] }),
    bare: (i) => ({ text: text(i), label: [] }),
  },
  tag: {
    ...{ task: "tag", columns: { words: "words", tags: "tags" } },
    of: (i) => ({ words: ["Ada", "in", `R${i}`], tags: ["B-PER", "O", "B-LOC"] }),
    bare: () => ({ words: ["in"], tags: ["O"] }),
  },
  span: {
    ...{ task: "span", columns: { question: "question", context: "context", answers: "answers" } },
    of: (i) => span(i, { text: ["Anna"], answer_start: [0] }),
    bare: (i) => span(i, { text: [], answer_start: [] }),
  },
  choose: {
    ...{ task: "choose", columns: { text: "text", choices: ["a", "b"], label: "label" } },
    of: (i) => ({ text: text(i), a: "yes", b: `no ${i}`, label: i % 2 }),
    bare: (i) => ({ text: text(i), a: "yes", b: "no", label: 0 }),
  },
  pairrank: {
    ...{ task: "pairrank", columns: { anchor: "a", positive: "p", negative: "n" } },
    of: (i) => ({ a: text(i), p: `cat ${i}`, n: `dog ${i}` }),
    bare: () => ({ a: "cat", p: "cat", n: "cat" }),
  },
  "embed, scored pairs": {
    ...{ task: "embed", columns: { text: "text", textPair: "pair", label: "label" } },
    of: (i) => ({ text: text(i), pair: `cat ${i}`, label: i / 12 }),
    bare: (i) => ({ text: text(i), pair: `cat ${i}`, label: 0.5 }),
  },
  "embed, pairs": {
    ...{ task: "embed", columns: { text: "text", textPair: "pair" } },
    of: (i) => ({ text: text(i), pair: `cat ${i}` }),
    bare: () => ({ text: "cat", pair: "cat" }),
  },
};

const small = { layers: 1, width: 8, heads: 2, vocabSize: 60, batch: 4, steps: 1 };
const WRONG = /NaN|undefined|Infinity|null|\[object|\b1 (texts|rows|words|pairs|questions|triplets)\b/;
const many = (n: number, of: (i: number) => object) => Array.from({ length: n }, (_, i) => of(i));
const out = join(temporaryFolder(), "model");
const models: { close(): void }[] = [];
afterAll(() => {
  for (const model of models) model.close();
});

describe.each(Object.entries(CASES))("%s", (_, { task, columns, of, bare }) => {
  it.each<[string, object]>([
    ["one row to validate with", { valid: many(1, of) }],
    ["one row without what is looked for", { valid: many(1, bare) }],
    ["rows of one kind, and one to test with", { valid: many(5, bare), test: many(1, bare) }],
    ["two rows to test with", { valid: many(2, of), test: many(2, of) }],
  ])("reports numbers of %s", async (_, parts) => {
    const lines: string[] = [];
    const onMessage = (line: string) => void lines.push(line);
    const train = many(12, of);
    const options = { task, train, ...columns, ...small, ...parts, out, onMessage } as FinetuneOptions<TaskName>;
    const { model, evaluation, notes } = await finetune(options);
    models.push(model);
    lines.push(...reportLines(evaluation as AnyEvaluation), ...notes);
    for (const name of ["metrics.json", "log.jsonl", "README.md"])
      lines.push(...readFileSync(join(out, name), "utf8").split("\n"));
    const [data] = Object.values(parts).slice(-1) as [object[]];
    const again = await evaluate(model, { task, data, ...columns });
    lines.push(...reportLines(again), ...JSON.stringify(again).split(","));
    expect(lines.filter((line) => WRONG.test(line))).toEqual([]);
    const { low, high } = evaluation.metrics;
    const interval = reportLines(evaluation as AnyEvaluation).find((line) => line.includes("95 % interval"));
    expect(interval!.startsWith("no 95 % interval")).toBe(low === high);
  });

  it("has one line for a row that is too little", async () => {
    const running = finetune({ task, train: many(1, of), ...columns, ...small } as FinetuneOptions<TaskName>);
    await expect(running).rejects.toThrow(
      /^train(\[0\])?: (1 row is too little to hold some out; name rows|the label .* occurs once)/,
    );
  });
});
