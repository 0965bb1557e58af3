import { memory, resetPeak } from "../engine/memory.js";
import { ConfigError, EngineError } from "../errors.js";
import type { Model } from "../models/model.js";
import { totalSize } from "../tensor/tensor.js";
import type { Course, LoopSettings, Probe } from "./course.js";
import type { TrainBatch, TrainStep } from "./step.js";

/** What a run is going to take, known before its first step. */
export interface Plan {
  /** Numbers of the model. */
  readonly parameters: number;
  /** Those that are trained. */
  readonly trained: number;
  /** Tokens of a step, on average. */
  readonly tokensPerStep: number;
  /** The most that the engine's memory is going to hold, in bytes. */
  readonly memory: number;
}

/** Steps whose batches are looked at for the largest one, spread over the run. */
const LOOK = 256;
/** Shares of the largest micro-batch that are computed to see what a token takes. */
const SHARES = [1 / 8, 1 / 4] as const;
/** What a prediction may be above the limit: it is that far off at most. */
const TOLERANCE = 1.1;

/** Bytes by tokens: what is there anyway, and what each token adds. */
interface Line {
  readonly fixed: number;
  readonly perToken: number;
}

/**
 * What the steps of a run and its evaluations are going to take: two parts of its largest micro-batch are computed, and what they need
 * grows with their tokens. Changes nothing. Errors: ConfigError with advice where the engine's memory is too small.
 */
export function planOf(step: TrainStep, { probe }: Course<unknown>, settings: LoopSettings): Plan | undefined {
  if (probe === undefined) return undefined;
  try {
    return probed(step, probe, settings);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const isFull = error instanceof EngineError && error.reason === "out-of-memory";
    if (isFull) throw new ConfigError(`${error.message} for a part of a batch: ${OTHER_WAYS}`, { cause: error });
    return undefined; // the first step says what is wrong
  }
}

const OTHER_WAYS = "take a smaller model, a smaller maxLength, or train fewer parameters (freeze, lora)";

function probed(step: TrainStep, probe: Probe, settings: LoopSettings): Plan {
  const { model } = step;
  const count = Math.min(settings.steps, LOOK);
  const looked = Array.from({ length: count }, (_, i) => Math.floor((i * settings.steps) / count));
  const sizes = looked.map((at) => probe.tokens(at));
  const largest = sizes.reduce((best, { micro }, at) => (micro > sizes[best]!.micro ? at : best), 0);
  const parts = SHARES.map((share) => probe.batch(looked[largest]!, share));
  const training = lineOf(parts, (batch) => step.probe(batch));
  const evaluation = at(
    lineOf(parts, (batch) => evaluated(model, batch)),
    probe.evaluationTokens,
  );
  const size = sizes[largest]!.micro;
  const needed = Math.max(at(training, size), evaluation);
  if (needed > TOLERANCE * memory().limit) {
    const saving = () => lineOf(parts, (batch) => step.probe(batch, true));
    throw refusal(needed, size, settings, { training, saving, evaluation });
  }
  return {
    parameters: totalSize(model.parameters()),
    trained: totalSize(model.store.trained()),
    tokensPerStep: Math.round(sizes.reduce((sum, { tokens }) => sum + tokens, 0) / sizes.length),
    memory: Math.round(needed),
  };
}

const at = ({ fixed, perToken }: Line, tokens: number): number => fixed + perToken * tokens;

const tokensOf = ({ packed }: TrainBatch): number => packed.tokens.length;

function lineOf(parts: readonly TrainBatch[], compute: (batch: TrainBatch) => void): Line {
  const peaks = parts.map((part) => {
    resetPeak();
    compute(part);
    return { tokens: tokensOf(part), peak: memory().peak };
  });
  const [less, more] = [peaks[0]!, peaks.at(-1)!];
  const perToken = more.tokens > less.tokens ? (more.peak - less.peak) / (more.tokens - less.tokens) : 0;
  return { fixed: more.peak - perToken * more.tokens, perToken };
}

function evaluated(model: Model, { packed, targets }: TrainBatch): void {
  if ("loss" in targets) model.run(packed, ({ hidden }) => hidden.size);
  else model.loss(packed, targets);
}

/** What the ways to need less are judged by. */
interface Needs {
  readonly training: Line;
  /** The same where layers are computed twice. */
  saving(): Line;
  readonly evaluation: number;
}

/** Micro-batches that a batch may be divided into. */
const DIVISORS = [2, 4, 8, 16, 32, 64];

/** Why a run does not begin, and what would fit. */
function refusal(
  needed: number,
  size: number,
  { batch, gradientAccumulationSteps: parts, recompute }: LoopSettings,
  { training, saving, evaluation }: Needs,
): ConfigError {
  const { limit } = memory();
  const fits = (bytes: number) => Math.max(bytes, evaluation) < limit / TOLERANCE;
  const divided = (line: Line) =>
    DIVISORS.filter((divisor) => divisor <= batch).find((divisor) => fits(at(line, size / divisor)));
  const asParts = (divisor: number) =>
    `batch ${Math.ceil(batch / divisor)} with gradientAccumulationSteps ${parts * divisor}`;
  const about = (what: string, bytes: number) => `${what} (about ${mebibytes(Math.max(bytes, evaluation))})`;
  const advice: string[] = [];
  const divisor = divided(training);
  if (divisor !== undefined) advice.push(about(asParts(divisor), at(training, size / divisor)));
  if (!recompute) {
    const line = saving();
    const both = divided(line);
    if (fits(at(line, size))) advice.push(about("recompute", at(line, size)));
    else if (divisor === undefined && both !== undefined)
      advice.push(about(`recompute and ${asParts(both)}`, at(line, size / both)));
  }
  const ways = advice.length > 0 ? `these would fit: ${advice.join("; ")}` : OTHER_WAYS;
  return new ConfigError(
    `the run needs about ${mebibytes(needed)} of the engine's memory, which has ${mebibytes(limit)}: ${ways}`,
  );
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString("en")} MiB`;

/** What `make` makes of a run. Errors: those of `make`, with advice where there is no memory. */
export function withAdvice<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof EngineError && error.reason === "out-of-memory")) throw error;
    throw new EngineError(`${error.message}: ${OTHER_WAYS}`, { reason: error.reason, cause: error });
  }
}

/** A plan in words. */
export const planInWords = ({ parameters, trained, tokensPerStep, memory: bytes }: Plan): string =>
  `${parameters.toLocaleString("en")} parameters, ${trained === parameters ? "all" : trained.toLocaleString("en")} trained; ` +
  `${tokensPerStep.toLocaleString("en")} tokens a step; about ${mebibytes(bytes)} of the engine's memory`;
