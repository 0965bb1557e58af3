import { Batches } from "../data/batches.js";
import { init } from "../engine/engine.js";
import { UnsavedError } from "../errors.js";
import { pack } from "../nn/packed.js";
import { checkOptions } from "../options.js";
import { pacer } from "../platform/pacer.js";
import type { RoFormer } from "../roformer.js";
import { totalSize } from "../tensor/tensor.js";
import { Best } from "./best.js";
import { type Evaluation, evaluateExamples } from "./evaluate.js";
import type { Example } from "./examples.js";
import { hiding } from "./hiding.js";
import { saveResult } from "./keep.js";
import { Meter } from "./meter.js";
import { FINETUNE, type FinetuneOptions } from "./options.js";
import { type Prepared, prepare } from "./prepare.js";
import type { ClassifierMetrics } from "./problems/singleLabel.js";
import { checkResult, checkRun, endStopped, records, stepOptions, unstarted } from "./run.js";
import { TrainStep } from "./step.js";

/** What {@link finetune} gives: a model that the caller closes, and how good it is. */
export interface FinetuneResult {
  /** The model as it was after its best epoch; the caller closes it. */
  readonly model: RoFormer<"sequence-classification">;
  /** Of the test texts if there are any, else of the validating ones; and how the training went. */
  readonly metrics: ClassifierMetrics & TrainingMetrics;
  /** What the metrics were made from. */
  readonly evaluation: Evaluation;
}

/** How a training run went. */
export interface TrainingMetrics {
  /** Steps made. */
  readonly steps: number;
  /** How often the training texts were seen: a fraction where the training ended within an epoch. */
  readonly epochs: number;
  /** Seconds that the training took, evaluations included. */
  readonly seconds: number;
  /** Tokens trained on a second, evaluations left out. */
  readonly tokensPerSecond: number;
  /** Numbers that were trained. */
  readonly parameters: number;
}

/**
 * Trains a classifier of texts, from fresh weights or from a model's: AdamW, a rate that rises linearly and falls to 0, and of
 * all epochs the one that validates best. The same options give the same model, bit for bit.
 *
 * @example
 * ```ts
 * const { model, metrics } = await finetune({ train: "train.csv", text: "body", label: "spam", epochs: 3 });
 * console.log(metrics.accuracy, await model.classify("You have won a prize"));
 * ```
 * @throws ConfigError for a setting that makes no sense, DataError that names file and line, CheckpointError
 * before the training if `out` cannot be written, UnsavedError with the model after it, EngineError for a loss that is not a
 * number or where there is no memory, AbortError.
 */
export async function finetune(options: FinetuneOptions): Promise<FinetuneResult> {
  checkOptions("finetune", options, FINETUNE);
  await init();
  await checkRun(options);
  const prepared = await prepare(options);
  const { model, problem, valid, test } = prepared;
  try {
    await checkResult(model, options);
    const log: string[] = [];
    const training = await runEpochs(prepared, options, log);
    if (training.steps === 0) throw unstarted(options);
    const evaluation = await evaluateExamples(model, test ?? valid, problem);
    const metrics = { ...evaluation.metrics, ...training };
    const result = { model, metrics, evaluation };
    if (options.out !== undefined) await saveResult(result, options.out, records(metrics, log));
    endStopped(training.steps, options);
    return result;
  } catch (error) {
    if (!(error instanceof UnsavedError)) model.close();
    throw error;
  }
}

/**
 * All steps, with an evaluation at the end of each epoch; the model is left as it was at the best one, or where it was stopped.
 */
async function runEpochs(prepared: Prepared, options: FinetuneOptions, log: string[]): Promise<TrainingMetrics> {
  const { model, settings, train, valid, problem } = prepared;
  const { signal, onProgress = () => {}, onMessage = () => {} } = options;
  const lengths = train.map(({ ids }) => ids.length);
  const batches = new Batches(lengths, { rows: settings.batch }, settings.seed);
  const steps = settings.steps ?? settings.epochs * batches.perEpoch;
  const trainer = new TrainStep(model, stepOptions(settings, steps));
  const hide = hiding(model.tokenizer!, settings);
  const [meter, best, pause] = [new Meter(steps, batches.perEpoch), new Best(model), pacer()];
  try {
    await new Promise((resolve) => setTimeout(resolve)); // lets in what came while the vocabulary was trained
    while (trainer.step < steps && !signal?.aborted) {
      const { lr } = trainer;
      const batch = batchOf(
        hide(
          batches.at(trainer.step).map((i) => train[i]!),
          trainer.step,
        ),
      );
      const event = meter.event(trainer.step + 1, lr, batch.packed.tokens.length, trainer.run(batch));
      log.push(JSON.stringify(event));
      onProgress(event);
      await pause();
      if (trainer.step % batches.perEpoch !== 0 && trainer.step !== steps) continue;
      const { metrics } = await meter.outside(() => evaluateExamples(model, valid, problem));
      best.note(metrics);
      onMessage(
        `epoch ${event.epoch}: validation accuracy ${percent(metrics.accuracy)}, loss ${metrics.loss.toFixed(4)}`,
      );
    }
    if (!signal?.aborted) best.restore();
    const { seconds, tokensPerSecond } = meter;
    const parameters = totalSize(model.parameters());
    return { steps: trainer.step, epochs: trainer.step / batches.perEpoch, seconds, tokensPerSecond, parameters };
  } finally {
    trainer.free();
  }
}

const percent = (x: number): string => `${(100 * x).toFixed(2)} %`;

function batchOf(examples: readonly Example[]) {
  const packed = pack(
    examples.map(({ ids }) => ids),
    examples.map(({ typeIds }) => typeIds),
  );
  return { packed, targets: { sequences: examples.map(({ label }) => label) } };
}
