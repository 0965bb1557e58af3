import { init } from "../engine/engine.js";
import { DataError, UnsavedError } from "../errors.js";
import * as language from "../metrics/language.js";
import { heads } from "../nn/heads/index.js";
import { checkOptions } from "../options.js";
import { platform } from "../platform/index.js";
import { pacer } from "../platform/pacer.js";
import { Philox } from "../random/philox.js";
import { streams } from "../random/streams.js";
import type { RoFormer } from "../roformer.js";
import { totalSize } from "../tensor/tensor.js";
import { encodeCorpus, holdOut, readCorpus } from "./corpus.js";
import type { TrainingMetrics } from "./finetune.js";
import { saveResult } from "./keep.js";
import { Meter } from "./meter.js";
import type { Objective } from "./objectives.js";
import { PRETRAIN, type PretrainOptions } from "./options.js";
import { languageModel, objectiveOf, resolve } from "./pretrainModel.js";
import { checkResult, checkRun, endStopped, records, stepOptions, unstarted } from "./run.js";
import { TrainStep } from "./step.js";

/** How well a language model guesses held-out text. */
export interface LanguageMetrics {
  /** Tokens guessed. */
  readonly n: number;
  /** Mean cross-entropy of a token, in nats. */
  readonly loss: number;
  /** e^loss. */
  readonly perplexity: number;
  /** Of a causal model, whose guesses tell a text: bits a character (code point). */
  readonly bitsPerCharacter?: number;
}

/** What {@link pretrain} gives: a model that the caller closes, and how good it is. */
export interface PretrainResult {
  /** The model after its last step; the caller closes it. */
  readonly model: RoFormer<"masked-lm" | "causal-lm">;
  /** How well it guesses the held-out text, and how the training went. */
  readonly metrics: LanguageMetrics & Omit<TrainingMetrics, "epochs">;
}

/**
 * Trains a language model on running text: AdamW, a rate that rises linearly and falls to 0, and windows from anywhere in the
 * text. The same options give the same model, bit for bit.
 *
 * @example
 * ```ts
 * const { model, metrics } = await pretrain({ objective: "mlm", data: "corpus.txt", steps: 2000 });
 * console.log(metrics.perplexity);
 * await model.save("./my-model");
 * ```
 * @throws ConfigError for a setting that makes no sense, DataError for text that cannot be read or is too short,
 * CheckpointError before the training if `out` cannot be written, UnsavedError with the model after it, EngineError for a
 * loss that is not a number or where there is no memory, AbortError.
 */
export async function pretrain(options: PretrainOptions): Promise<PretrainResult> {
  checkOptions("pretrain", options, PRETRAIN);
  await init();
  await checkRun(options);
  const text = await readCorpus(options);
  const held = options.valid && (await readCorpus({ ...options, data: options.valid }));
  const { train, valid } = held === undefined ? holdOut(text, 0.05) : { train: text, valid: held };
  const settings = resolve(options);
  const model = await languageModel(options, settings, train);
  try {
    await checkResult(model, options);
    const objective = objectiveOf(options.objective, settings.maxLength, model.tokenizer!);
    const run = new Run(model, objective, settings, {
      train: encodeCorpus(model.tokenizer!, train),
      valid: encodeCorpus(model.tokenizer!, valid),
      characters: [...valid].length,
    });
    const metrics = await run.all(options);
    const result = { model, metrics };
    if (options.out !== undefined) await saveResult(result, options.out, run.records(metrics));
    endStopped(metrics.steps, options);
    return result;
  } catch (error) {
    if (!(error instanceof UnsavedError)) model.close();
    throw error;
  }
}

/** Held-out windows that are computed at once. */
const TOKENS = 4096;

/** One training run over encoded text. */
class Run {
  private readonly model: PretrainResult["model"];
  private readonly objective: Objective;
  private readonly settings: ReturnType<typeof resolve>;
  private readonly text: { readonly train: Int32Array; readonly valid: Int32Array; readonly characters: number };
  private readonly log: string[] = [];

  constructor(model: Run["model"], objective: Objective, settings: Run["settings"], text: Run["text"]) {
    for (const name of ["train", "valid"] as const) {
      if (text[name].length < 2)
        throw new DataError(
          `pretrain: the ${name === "train" ? "" : "held-out "}text is of ${text[name].length} tokens, not 2 or more`,
        );
    }
    [this.model, this.objective, this.settings, this.text] = [model, objective, settings, text];
  }

  async all(options: PretrainOptions): Promise<PretrainResult["metrics"]> {
    const { steps, lr, batch, seed } = this.settings;
    const { signal, onProgress = () => {}, onMessage = () => {}, evalEvery = Math.ceil(steps / 10) } = options;
    const trainer = new TrainStep(this.model, stepOptions(this.settings, steps));
    const [meter, pause] = [new Meter(steps, steps), pacer()];
    onMessage(
      `${this.text.train.length} tokens to train, ${this.text.valid.length} held out; batches of ${batch} × ` +
        `${this.objective.window}, learning rate ${lr}, seed ${seed}`,
    );
    try {
      while (trainer.step < steps && !signal?.aborted) {
        const { lr } = trainer;
        const { packed, targets } = this.batch(trainer.step);
        const event = meter.event(trainer.step + 1, lr, packed.tokens.length, trainer.run({ packed, targets }));
        this.log.push(JSON.stringify(event));
        onProgress(event);
        await pause();
        if (trainer.step % evalEvery !== 0 || trainer.step === steps) continue;
        const found = await meter.outside(() => this.evaluate());
        this.log.push(JSON.stringify({ step: trainer.step, valid: found }));
        onMessage(`step ${trainer.step}: ${inWords(found)}`);
      }
      if (trainer.step === 0) throw unstarted(options);
      const found = await meter.outside(() => this.evaluate());
      onMessage(`held out: ${inWords(found)}`);
      const { seconds, tokensPerSecond } = meter;
      const parameters = totalSize(this.model.parameters());
      return { ...found, steps: trainer.step, seconds, tokensPerSecond, parameters };
    } finally {
      trainer.free();
    }
  }

  /** Windows of a step, anywhere in the text: they follow from seed and step. */
  private batch(step: number) {
    const { seed, batch } = this.settings;
    const { train } = this.text;
    const length = Math.min(this.objective.window, train.length);
    const order = new Philox(seed, streams.dataOrder, step);
    const windows = Array.from({ length: batch }, () => {
      const start = order.below(train.length - length + 1);
      return train.subarray(start, start + length);
    });
    return this.objective.batch(windows, new Philox(seed, streams.masking, step));
  }

  /** The held-out text, window by window; each token of a causal model is guessed once, but for the first. */
  private async evaluate(): Promise<LanguageMetrics> {
    const { valid, characters } = this.text;
    const causal = heads[this.objective.head].causal ?? false;
    const length = Math.min(this.objective.window, valid.length);
    const stride = causal ? length - 1 : length;
    const starts = Array.from({ length: Math.ceil((valid.length - 1) / stride) }, (_, i) => i * stride);
    const windows = starts.map((start) => valid.subarray(start, start + length)).filter((own) => own.length > 1);
    const pause = pacer();
    const [random, together] = [new Philox(0, streams.masking), Math.max(1, Math.floor(TOKENS / length))];
    let [nats, n] = [0, 0];
    for (let at = 0; at < windows.length; at += together) {
      const own = windows.slice(at, at + together);
      const { packed, targets } = this.objective.batch(own, random);
      const guessed = causal
        ? own.reduce((sum, ids) => sum + ids.length - 1, 0)
        : targets.tokens!.filter((label) => label >= 0).length;
      if (guessed === 0) continue;
      nats += this.model.loss(packed, targets) * guessed;
      n += guessed;
      await pause();
    }
    const loss = nats / n;
    return {
      n,
      loss,
      perplexity: language.perplexity(loss),
      ...(causal && { bitsPerCharacter: language.bitsPerCharacter(nats, characters) }),
    };
  }

  /** What is saved beside the model. */
  records(metrics: object): Map<string, string> {
    const memory = platform.peakMemory();
    const all = { ...metrics, ...(memory !== undefined && { peakMemory: memory }) };
    return records(all, this.log);
  }
}

const inWords = ({ loss, bitsPerCharacter }: LanguageMetrics): string =>
  `loss ${loss.toFixed(4)}${bitsPerCharacter === undefined ? "" : `, ${bitsPerCharacter.toFixed(4)} bits a character`}`;
