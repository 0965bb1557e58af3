import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A task in files of the official layout. */
export interface GlueFiles {
  readonly folder: string;
  /** Names of the labels by id, and how the leaderboard writes them; undefined for numbers. */
  readonly labels?: readonly string[];
  readonly submitted?: readonly string[];
  /** The names of its files, and what stands there: a header if there is one, and rows of `texts` and a label. */
  readonly files: Readonly<
    Record<string, { readonly header?: string; row(i: number, a: string, b: string, label: string): string }>
  >;
}

const pair = (columns: string): GlueFiles["files"] => ({
  "train.tsv": { header: `index\t${columns}\tlabel`, row: (i, a, b, label) => `${i}\t${a}\t${b}\t${label}` },
  "dev.tsv": { header: `index\t${columns}\tlabel`, row: (i, a, b, label) => `${i}\t${a}\t${b}\t${label}` },
  "test.tsv": { header: `index\t${columns}`, row: (i, a, b) => `${i}\t${a}\t${b}` },
});
const cola = {
  row: (_: number, a: string, __: string, label: string) => `gj04\t${label}\t${label === "0" ? "*" : ""}\t${a}`,
};
const sst = { header: "sentence\tlabel", row: (_: number, a: string, __: string, label: string) => `${a} \t${label}` };
const single = { header: "index\tsentence", row: (i: number, a: string) => `${i}\t${a}` };
const mrpc = "#1 ID\t#2 ID\t#1 String\t#2 String";
const sts = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2";
const news = (i: number, a: string, b: string) => `${i}\tmain-news\tx\t2015\t${i}\tnone\tnone\t${a}\t${b}`;
const qqp = {
  header: "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate",
  row: (i: number, a: string, b: string, label: string) => `${i}\t${2 * i}\t${2 * i + 1}\t${a}\t${b}\t${label}`,
};
const multi =
  "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2";
const fiction = (i: number, a: string, b: string) =>
  `${i}\t31\t31n\tfiction\t( a )\t( b )\t(ROOT a)\t(ROOT b)\t${a}\t${b}`;
const fifth = {
  header: `${multi}\tlabel1\tlabel2\tlabel3\tlabel4\tlabel5\tgold_label`,
  row: (i: number, a: string, b: string, label: string) =>
    `${fiction(i, a, b)}\tneutral\t${label}\t${label}\tneutral\t${label}\t${label}`,
};
const ids = ["0", "1"];
const entailed = ["entailment", "not_entailment"];
const inferred = ["entailment", "neutral", "contradiction"];

/** The nine tasks in the official layouts: columns and their order, with and without headers. */
export const TASKS: Readonly<Record<string, GlueFiles>> = {
  cola: {
    folder: "CoLA",
    labels: ids,
    submitted: ids,
    files: { "train.tsv": cola, "dev.tsv": cola, "test.tsv": single },
  },
  sst2: {
    folder: "SST-2",
    labels: ids,
    submitted: ids,
    files: { "train.tsv": sst, "dev.tsv": sst, "test.tsv": single },
  },
  mrpc: {
    ...{ folder: "MRPC", labels: ids, submitted: ids },
    files: {
      "train.tsv": {
        header: `\ufeffQuality\t${mrpc}`,
        row: (i, a, b, label) => `${label}\t${i}\t${i + 1}\t${a}\t${b}`,
      },
      "dev.tsv": { header: `\ufeffQuality\t${mrpc}`, row: (i, a, b, label) => `${label}\t${i}\t${i + 1}\t${a}\t${b}` },
      "test.tsv": { header: `index\t${mrpc}`, row: (i, a, b) => `${i}\t${i}\t${i + 1}\t${a}\t${b}` },
    },
  },
  stsb: {
    folder: "STS-B",
    files: {
      "train.tsv": { header: `${sts}\tscore`, row: (i, a, b, label) => `${news(i, a, b)}\t${label}` },
      "dev.tsv": { header: `${sts}\tscore`, row: (i, a, b, label) => `${news(i, a, b)}\t${label}` },
      "test.tsv": { header: sts, row: news },
    },
  },
  qqp: {
    ...{ folder: "QQP", labels: ids, submitted: ids },
    files: {
      ...{ "train.tsv": qqp, "dev.tsv": qqp },
      // The third row has one question.
      "test.tsv": {
        header: "id\tquestion1\tquestion2",
        row: (i, a, b) => (i === 2 ? `${i}\t${a}` : `${i}\t${a}\t${b}`),
      },
    },
  },
  mnli: {
    ...{ folder: "MNLI", labels: inferred, submitted: inferred },
    files: {
      "train.tsv": {
        header: `${multi}\tlabel1\tgold_label`,
        row: (i, a, b, label) => `${fiction(i, a, b)}\t${label}\t${label}`,
      },
      ...{ "dev_matched.tsv": fifth, "dev_mismatched.tsv": fifth },
      ...{
        "test_matched.tsv": { header: multi, row: fiction },
        "test_mismatched.tsv": { header: multi, row: fiction },
      },
      "../diagnostic/diagnostic.tsv": { header: "index\tsentence1\tsentence2", row: (i, a, b) => `${i}\t${a}\t${b}` },
    },
  },
  qnli: { folder: "QNLI", labels: entailed, submitted: entailed, files: pair("question\tsentence") },
  rte: { folder: "RTE", labels: entailed, submitted: entailed, files: pair("sentence1\tsentence2") },
  wnli: { folder: "WNLI", labels: ids, submitted: ids, files: pair("sentence1\tsentence2") },
};

/** The texts of a row of a file, with a bare quote in some. */
export const textsOf = (file: string, i: number): [string, string] => [
  `${["red", "blue", "green"][i % 3]} ${i % 4 === 1 ? '"' : ""}${file.replace(/\W+/g, " ")} ${i}`,
  `${["sea", "sky"][i % 2]} number ${i * 7}`,
];

/** Rows of each kind of file. */
const ROWS: readonly (readonly [RegExp, number])[] = [
  [/train/, 36],
  [/dev_mis/, 9],
  [/dev/, 12],
  [/./, 7],
];

/** Rows of a file. */
export const rowsIn = (file: string): number => ROWS.find(([name]) => name.test(file))![1];

/** Writes the files of a task below `root`. */
export function writeGlue(root: string, { folder, labels, files }: GlueFiles): void {
  for (const [file, { header, row }] of Object.entries(files)) {
    const path = join(root, folder, file);
    mkdirSync(join(path, ".."), { recursive: true });
    const label = (i: number) => (labels ? labels[i % labels.length]! : (((i * 5) / 7) % 5).toFixed(3));
    const lines = Array.from({ length: rowsIn(file) }, (_, i) => row(i, ...textsOf(file, i), label(i)));
    writeFileSync(path, [...(header === undefined ? [] : [header]), ...lines].map((line) => `${line}\n`).join(""));
  }
}
