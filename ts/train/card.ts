import { type FileSource, isFolderPath, openFiles } from "../io/files.js";
import { familyOf } from "../models/families.js";
import { CARD, isOwnCard, signed } from "../models/modelCard.js";
import type { HeadName } from "../nn/heads/index.js";
import type { RoFormer } from "../roformer.js";
import type { BagOfWordsMetrics } from "./baseline.js";
import type { RunRecord } from "./record.js";
import type { ScoreInterval } from "./reported.js";
import type { RunOptions } from "./settings/run.js";

/** A trained model and what is known of it. */
export interface CardFacts {
  readonly model: RoFormer;
  readonly metrics: object;
}

/**
 * The model card of a folder, by its name: none where the folder has a README.md that somebody else wrote or changed, which a message
 * says. Nothing about a card makes a run fail.
 */
export async function cardFor(
  facts: CardFacts,
  out: string,
  { init, onMessage }: Pick<RunOptions, "init" | "onMessage">,
): Promise<ReadonlyMap<string, string>> {
  const held = (await openFiles(out).list()) ?? [];
  const readme = held.find((name) => name.toLowerCase() === CARD.toLowerCase());
  const text = readme === undefined ? "" : await textOf(out, readme);
  if (readme !== undefined && !(readme === CARD && isOwnCard(text))) {
    onMessage?.(`${out} has a ${readme} of its own, which is kept: no model card is written`);
    return new Map();
  }
  return new Map([[CARD, signed(modelCard(facts, { name: nameOf(out), ...(await originOf(init)) }))]]);
}

const textOf = async (folder: FileSource, name: string): Promise<string> =>
  new TextDecoder().decode(
    await openFiles(folder)
      .read(name)
      .catch(() => new Uint8Array(0)),
  );

/** The last part of a path. */
const nameOf = (path: string): string => path.split(/[\\/]/).findLast((part) => part !== "" && part !== ".") ?? "model";

/** What is known of a model that a training began with. */
interface Origin {
  /** A model on the hub: owner/name. */
  readonly base?: string | undefined;
  /** Lines of its card's metadata that hold for what is made of it. */
  readonly inherited?: readonly string[];
}

async function originOf(init: FileSource | undefined): Promise<Origin> {
  if (init === undefined) return {};
  const base = /^hf:([\w.-]+\/[\w.-]+)/i.exec(String(init))?.[1];
  if (base !== undefined || typeof init !== "string" || !isFolderPath(init)) return { base };
  return { inherited: inheritedFrom(await textOf(init, CARD)) };
}

/** Fields of a card that hold for models made of the model. */
const INHERITED = /^(language|license|license_name|license_link|base_model):/;

/** Lines of a card's YAML, as they stand there: a field, and the list or the text below it. */
function inheritedFrom(card: string): string[] {
  const yaml = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? "";
  let isInherited = false;
  return yaml.split(/\r?\n/).filter((line) => {
    if (/^[^\s#-]/.test(line)) isInherited = INHERITED.test(line);
    return isInherited && line.trim() !== "";
  });
}

/** The hub's names of what models are for. */
const PIPELINES: Readonly<Record<HeadName, string>> = {
  base: "sentence-similarity",
  "masked-lm": "fill-mask",
  "causal-lm": "text-generation",
  "sequence-classification": "text-classification",
  "token-classification": "token-classification",
  "question-answering": "question-answering",
  "multiple-choice": "multiple-choice",
};

/** The hub's names of metrics. */
const METRICS: Readonly<Record<string, string>> = {
  ...{ accuracy: "accuracy", f1: "f1", precision: "precision", recall: "recall", matthews: "matthews_correlation" },
  ...{ exactMatch: "exact_match", pearson: "pearsonr", spearman: "spearmanr", meanSquaredError: "mse" },
  ...{ perplexity: "perplexity", mrr10: "mrr" },
};

/** A model card with the hub's metadata. */
function modelCard(
  { model, metrics }: CardFacts,
  { name, base, inherited = [] }: Origin & { readonly name: string },
): string {
  const all = metrics as Readonly<Record<string, unknown>> & RunRecord;
  const scores = Object.keys(METRICS).filter((key) => typeof all[key] === "number");
  const pipeline = PIPELINES[model.head];
  return [
    "---",
    `library_name: ${libraryOf(model)}`,
    `pipeline_tag: ${pipeline}`,
    ...(base === undefined ? [] : [`base_model: ${base}`]),
    ...inherited,
    ...["tags:", "- roformer-js", ...(base !== undefined || inherited.length > 0 ? ["- finetuned"] : [])],
    ...(scores.length > 0 ? ["metrics:", ...scores.map((key) => `- ${METRICS[key]}`)] : []),
    ...(scores.length > 0 ? modelIndex(name, pipeline, all, scores) : []),
    "---",
    "",
    `# ${name}`,
    "",
    ...whatItIs(model),
    ...scoreTable(all, scores),
    ...trainingTable(all),
  ].join("\n");
}

/** transformers reads what it computes in the same way. */
const libraryOf = ({ config }: RoFormer): string =>
  familyOf(config).savedType(config) === "roformer_js" ? "roformer" : "transformers";

function modelIndex(name: string, task: string, all: Readonly<Record<string, unknown>>, scores: readonly string[]) {
  const part = all.part ?? "validation";
  return [
    "model-index:",
    `- name: ${JSON.stringify(name)}`,
    "  results:",
    "  - task:",
    `      type: ${task}`,
    "    dataset:",
    `      name: ${JSON.stringify(`${part} rows of the training`)}`,
    "      type: custom",
    `      split: ${part}`,
    "    metrics:",
    ...scores.flatMap((key) => [`    - type: ${METRICS[key]}`, `      value: ${all[key]}`]),
  ];
}

function whatItIs({ config, head }: RoFormer): string[] {
  const { num_hidden_layers: layers, hidden_size: width, num_attention_heads: heads, id2label } = config;
  const labels = head.endsWith("classification") && id2label ? Object.values(id2label) : [];
  const named = labels.slice(0, 50).map((label) => `\`${label.replaceAll("`", "'")}\``);
  return [
    `A transformer of ${layers} layers × ${width} with ${heads} heads and the head \`${head}\`.`,
    ...(named.length > 0 ? ["", `Labels: ${named.join(", ")}${labels.length > 50 ? ", …" : ""}`] : []),
    "",
  ];
}

function scoreTable(all: Readonly<Record<string, unknown>>, scores: readonly string[]): string[] {
  if (all.teacherParameters !== undefined && all.loss !== undefined) return studentScores(all, scores);
  if (scores.length === 0) return ["The training was stopped early: nothing was evaluated.", ""];
  const { part, n, intervalOf, low, high, thresholdFrom } = all as {
    part?: string;
    n?: number;
    thresholdFrom?: string;
  } & Partial<ScoreInterval>;
  const tested =
    part === "test"
      ? "test rows, which had no part in the training"
      : `validation rows, which chose the best epoch${thresholdFrom ? " and the thresholds" : ""}`;
  const rows = all.perplexity === undefined ? tested : "tokens of held-out text";
  const range = (key: string) => (intervalOf === key ? `${digits(low!)} to ${digits(high!)}` : "");
  const bag = all.bagOfWords as BagOfWordsMetrics | undefined;
  return [
    "## Scores",
    "",
    `On ${n} ${rows}:`,
    "",
    "| metric | value | 95 % interval |",
    "| --- | --: | --: |",
    ...scores.map((key) => `| ${key} | ${digits(all[key] as number)} | ${range(key)} |`),
    ...(bag ? ["", `A bag of words on the same rows: accuracy ${digits(bag.accuracy)}, f1 ${digits(bag.f1)}.`] : []),
    "",
  ];
}

/** The scores of a model that was distilled, beside its teacher's. */
function studentScores(all: Readonly<Record<string, unknown>>, scores: readonly string[]): string[] {
  const { n, loss, rows, metric, teacherScore } = all as Readonly<Record<string, number>>;
  const teacher = (key: string) => (key === String(metric) ? digits(teacherScore!) : "");
  return [
    ...["## Scores", "", `Distilled: loss ${digits(loss!)} on ${n} texts or tokens held out.`, ""],
    ...(scores.length === 0
      ? []
      : [
          ...[`On ${rows} labeled rows, which the student was not trained on:`, ""],
          ...["| metric | value | teacher |", "| --- | --: | --: |"],
          ...[...scores.map((key) => `| ${key} | ${digits(all[key] as number)} | ${teacher(key)} |`), ""],
        ]),
  ];
}

const digits = (x: number): string => x.toFixed(4);

function trainingTable({ settings, split, seed, version, steps }: RunRecord & { readonly steps?: unknown }): string[] {
  const { train, valid, test, heldOut } = split;
  const shown = Object.entries({ steps, ...settings, seed }).map(([name, value]) => `| ${name} | ${inCell(value)} |`);
  const tested = test === undefined ? "" : `, tested on ${test}`;
  return [
    "## Training",
    "",
    `Trained on ${train}, validated on ${valid}${heldOut ? " (held out of the same data)" : ""}${tested}; roformer ${version}.`,
    "",
    ...["| setting | value |", "| --- | --- |", ...shown],
  ];
}

const inCell = (value: unknown): string =>
  (typeof value === "string" ? value : JSON.stringify(value)).replaceAll("|", "\\|").replaceAll("\n", " ");
