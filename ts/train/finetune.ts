import { Batches } from "../data/batches.js";
import { type LabelSet, labelSet, labelsOf } from "../data/labels.js";
import type { Format, Row } from "../data/rows.js";
import { split } from "../data/split.js";
import { init } from "../engine/engine.js";
import { AbortError, ConfigError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import { trainedLength } from "../models/classify.js";
import type { RoFormer } from "../models/roformer.js";
import { pack } from "../nn/packed.js";
import { platform } from "../platform/index.js";
import { pacer } from "../platform/pacer.js";
import { type ClassifierMetrics, type Evaluation, evaluateExamples } from "./evaluate.js";
import { type Columns, type Example, encodeRows, readTexts, type TextSource } from "./examples.js";
import { freshModel, pretrainedModel } from "./initial.js";
import * as schedules from "./schedules.js";
import { type DataFacts, type FinetuneSettings, type ResolvedSettings, resolveSettings } from "./settings.js";
import { Trainer } from "./trainer.js";

/** What a training run tells its listeners after a step. */
export interface TrainingEvent {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
  /** Peak resident memory of the process in bytes, where it is to be had. */
  readonly memory: number | undefined;
}

/** Settings of {@link finetune}. */
export interface FinetuneOptions extends FinetuneSettings, Columns {
  readonly train: TextSource;
  /** Chooses the best epoch; a tenth of the training texts unless given. */
  readonly valid?: TextSource | undefined;
  /** Scores the result. */
  readonly test?: TextSource | undefined;
  readonly label: string;
  readonly format?: Format | undefined;
  /** A model to begin with, instead of fresh weights and a tokenizer of its own. */
  readonly init?: FileSource | undefined;
  /** A folder to save the model in, with metrics and log. */
  readonly out?: string | undefined;
  /** Stops after the step that runs: the model is saved as it is, and `AbortError` thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: TrainingEvent) => void) | undefined;
  /** Hears what is going on, a line each. */
  readonly onMessage?: ((line: string) => void) | undefined;
}

/** What {@link finetune} gives: a model that the caller closes, and how good it is. */
export interface FinetuneResult {
  readonly model: RoFormer;
  /** Of the test texts if there are any, else of the validating ones; and how the training went. */
  readonly metrics: ClassifierMetrics & TrainingMetrics;
  readonly evaluation: Evaluation;
}

/** How a training run went. */
export interface TrainingMetrics {
  readonly steps: number;
  readonly epochs: number;
  readonly seconds: number;
  /** Tokens trained on a second. */
  readonly tokensPerSecond: number;
  readonly parameters: number;
}

interface Prepared {
  readonly model: RoFormer;
  readonly settings: ResolvedSettings;
  readonly labels: LabelSet;
  readonly train: readonly Example[];
  readonly valid: readonly Example[];
  readonly test: readonly Example[] | undefined;
}

/** Trains a classifier of texts, from fresh weights or from a model's. The same options give the same model, bit for bit. */
export async function finetune(options: FinetuneOptions): Promise<FinetuneResult> {
  await init();
  const prepared = await prepare(options);
  const { model, labels, valid, test } = prepared;
  try {
    const log: string[] = [];
    const training = await runEpochs(prepared, options, log);
    const evaluation = await evaluateExamples(model, test ?? valid, labels);
    const metrics = { ...evaluation.metrics, ...training };
    if (options.out !== undefined) await model.save(options.out, records(metrics, log));
    if (options.signal?.aborted)
      throw new AbortError(stopped(training.steps, options.out), { cause: options.signal.reason });
    return { model, metrics, evaluation };
  } catch (error) {
    model.close();
    throw error;
  }
}

const stopped = (steps: number, out: string | undefined): string =>
  `stopped after step ${steps}${out === undefined ? "" : `; the model as it is was saved in ${out}`}`;

const records = (metrics: object, log: readonly string[]): Map<string, string> =>
  new Map([
    ["metrics.json", `${JSON.stringify(metrics, null, 2)}\n`],
    ["log.jsonl", log.map((line) => `${line}\n`).join("")],
  ]);

/** Reads the texts, makes or loads the model, and encodes. */
async function prepare(options: FinetuneOptions): Promise<Prepared> {
  const { onMessage = () => {} } = options;
  const read = (source: TextSource, what: string) => readTexts(source, options, what, options.format);
  const all = await read(options.train, "train");
  const labels = labelsOf(all, options.label, { once: options.valid === undefined ? "error" : "allow" });
  const validRows = options.valid === undefined ? undefined : await read(options.valid, "valid");
  const testRows = options.test === undefined ? undefined : await read(options.test, "test");
  const [trainRows, heldOut] = validRows ? [all, validRows] : holdOut(all, options);
  const settings = resolveSettings(options, facts(trainRows, options));
  const start = { rows: trainRows, labels, settings, options };
  const model = options.init === undefined ? await freshModel(start) : await pretrainedModel(start, options.init);
  try {
    const encode = (rows: readonly Row[]) =>
      encodeRows(rows, options, model.tokenizer!, { maxLength: trainedLength(model), labels });
    const prepared = {
      ...{ model, settings, labels: labelSet(labels.names) },
      ...{ train: encode(trainRows), valid: encode(heldOut), test: testRows && encode(testRows) },
    };
    describe(prepared, onMessage);
    return prepared;
  } catch (error) {
    model.close();
    throw error;
  }
}

function holdOut(rows: readonly Row[], { text, label, seed = 0 }: FinetuneOptions): [Row[], Row[]] {
  const values = (column: string) => rows.map((row) => row.values[column]!);
  const [train, valid] = split(values(text), values(label), { shares: [0.9, 0.1], seed });
  if (valid!.length === 0)
    throw new ConfigError(`${rows.length} rows are too few to hold some out: name a file to validate with`);
  return [train!.map((i) => rows[i]!), valid!.map((i) => rows[i]!)];
}

function facts(rows: readonly Row[], { text, textPair, init }: FinetuneOptions): DataFacts {
  const words = new Set<string>();
  const lengths = rows.map(({ values }) => {
    const list =
      `${values[text]} ${textPair === undefined ? "" : values[textPair]}`
        .toLowerCase()
        .match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? [];
    for (const word of list) if (words.size < 100_000) words.add(word);
    return list.length;
  });
  const sorted = lengths.sort((a, b) => a - b);
  return {
    rows: rows.length,
    words: words.size,
    longWords: sorted[Math.floor(0.9 * sorted.length)]!,
    pretrained: init !== undefined,
  };
}

function describe({ model, settings, labels, train, valid, test }: Prepared, say: (line: string) => void): void {
  const { hidden_size, num_hidden_layers, num_attention_heads, vocab_size } = model.config;
  const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  say(
    `${train.length} texts to train, ${valid.length} to validate${test ? `, ${test.length} to test` : ""}; labels ${labels.names.join(", ")}`,
  );
  say(
    `${num_hidden_layers} layers × ${hidden_size}, ${num_attention_heads} heads, ${settings.position} positions, ` +
      `vocabulary ${vocab_size}, ${trainedLength(model)} tokens a text, ${parameters.toLocaleString("en")} parameters`,
  );
  const { batch, lr, warmup, dropout, seed } = settings;
  say(
    `batches of ${batch}, learning rate ${lr} after ${Math.round(100 * warmup)} % warm-up, dropout ${dropout}, seed ${seed}`,
  );
}

/** All steps, with an evaluation at the end of each epoch; the model is left as it was at the best one. */
async function runEpochs(prepared: Prepared, options: FinetuneOptions, log: string[]): Promise<TrainingMetrics> {
  const { model, settings, train, valid, labels } = prepared;
  const { signal, onProgress = () => {}, onMessage = () => {} } = options;
  const batches = new Batches(
    train.map(({ ids }) => ids.length),
    { rows: settings.batch },
    settings.seed,
  );
  const steps = settings.steps ?? settings.epochs * batches.perEpoch;
  const schedule = schedules.create("linear", {
    lr: settings.lr,
    warmup: Math.round(settings.warmup * steps),
    total: steps,
  });
  const trainer = new Trainer(model, { ...settings, schedule: (step) => schedule(step + 1) });
  const pause = pacer();
  const best = new Best(model);
  const started = performance.now();
  let [tokens, evaluating] = [0, 0];
  try {
    while (trainer.step < steps && !signal?.aborted) {
      const { lr, step } = trainer;
      const batch = batchOf(batches.at(step).map((i) => train[i]!));
      const { loss, gradNorm } = trainer.trainStep(batch);
      tokens += batch.packed.tokens.length;
      const seconds = (performance.now() - started - evaluating) / 1000;
      const event = {
        ...{ step: step + 1, steps, epoch: Math.floor(step / batches.perEpoch) + 1, loss, lr, gradNorm },
        tokensPerSecond: Math.round(tokens / seconds),
        secondsLeft: (seconds / (step + 1)) * (steps - step - 1),
        memory: platform.peakMemory(),
      };
      log.push(JSON.stringify(event));
      onProgress(event);
      await pause();
      if ((step + 1) % batches.perEpoch !== 0 && step + 1 !== steps) continue;
      const from = performance.now();
      const { metrics } = await evaluateExamples(model, valid, labels);
      evaluating += performance.now() - from;
      best.note(metrics);
      onMessage(
        `epoch ${event.epoch}: loss ${loss.toFixed(4)}, validation accuracy ${percent(metrics.accuracy)}, loss ${metrics.loss.toFixed(4)}`,
      );
    }
    best.restore();
  } finally {
    trainer.free();
  }
  const seconds = (performance.now() - started) / 1000;
  const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const tokensPerSecond = Math.round(tokens / (seconds - evaluating / 1000));
  return { steps: trainer.step, epochs: trainer.step / batches.perEpoch, seconds, tokensPerSecond, parameters };
}

const percent = (x: number): string => `${(100 * x).toFixed(2)} %`;

function batchOf(examples: readonly Example[]) {
  const packed = pack(
    examples.map(({ ids }) => ids),
    examples.map(({ typeIds }) => typeIds),
  );
  return { packed, targets: { sequences: examples.map(({ label }) => label) } };
}

/** The parameters of the epoch that validated best: by accuracy, then by loss. */
class Best {
  private readonly model: RoFormer;
  private metrics: ClassifierMetrics | undefined;
  private values: Float32Array[] = [];

  constructor(model: RoFormer) {
    this.model = model;
  }

  note(metrics: ClassifierMetrics): void {
    const { accuracy = -1, loss = 0 } = this.metrics ?? {};
    if (metrics.accuracy < accuracy || (metrics.accuracy === accuracy && metrics.loss >= loss)) return;
    this.metrics = metrics;
    this.values = this.model.parameters().map((parameter) => parameter.read());
  }

  restore(): void {
    if (this.metrics) for (const [i, parameter] of this.model.parameters().entries()) parameter.write(this.values[i]!);
  }
}
