import { ConfigError, DataError } from "../../errors.js";
import type { Model } from "../../models/model.js";
import { Philox } from "../../random/philox.js";
import { streams } from "../../random/streams.js";
import type { Course, Probe } from "../course.js";
import { inParts } from "../parts.js";
import type { Stage } from "../settings/stages.js";
import type { TrainBatch } from "../step.js";
import type { TextTask } from "../tasks/task.js";
import type { Blocks } from "./blocks.js";
import { evaluateText, TOKENS } from "./evaluate.js";
import type { LanguageMetrics } from "./metrics.js";
import { type Order, shuffled } from "./order.js";
import type { TokenFile } from "./tokenFile.js";
import { blocksOf, heldWindows, type ToWindow } from "./windows.js";

/** Settings of a course on running text. */
export interface CourseSettings {
  readonly seed: number;
  /** Lengths, windows per micro-batch and steps, one after the other. */
  readonly stages: readonly Stage[];
  readonly gradientAccumulationSteps: number;
  /** Whether documents follow one another within a window. */
  readonly packing: boolean;
}

/** Tokens of a step, at most: of more, what the smallest model computes with has no room in the engine's memory. */
const MOST_TOKENS = 2 ** 24;
/** Epochs that a stage has at most: the next one's are numbered from here. */
const EPOCHS = 2 ** 24;

/** A stage that is ready to be read from. */
interface OpenStage {
  readonly task: TextTask;
  readonly blocks: Blocks;
  /** The stage's first step. */
  readonly from: number;
  /** Windows of a micro-batch, and of a step. */
  readonly batch: number;
  readonly rows: number;
  /** The number of its first epoch. */
  readonly epoch: number;
}

/** A course on running text, and what an epoch is in each stage. */
export interface TextCourse extends Course<LanguageMetrics> {
  /** Steps of an epoch of each stage. */
  readonly stepsPerEpoch: readonly number[];
}

/**
 * Blocks of a text in a seeded order, each once an epoch, scored on all of the text held out, in windows of the last stage. A batch
 * follows from the seed and the step alone. Errors: DataError for text of fewer than 2 tokens, ConfigError for batches beyond all memory.
 */
export async function textCourse(
  model: Model,
  text: TokenFile,
  { taskOf, toWindow }: { readonly taskOf: (maxLength: number) => TextTask; readonly toWindow: ToWindow },
  settings: CourseSettings,
): Promise<TextCourse> {
  const { seed, gradientAccumulationSteps: parts, packing } = settings;
  requireTokens(text);
  const stages: OpenStage[] = [];
  let from = 0;
  for (const [i, { maxLength, batch, steps }] of settings.stages.entries()) {
    const task = taskOf(maxLength);
    requireRoom(batch, Math.min(task.window, text.train.length));
    const blocks = await blocksOf(text.train, task, packing, seed);
    if (blocks.count === 0) throw new DataError(`pretrain: no document of the text has ${task.least} tokens`);
    stages.push({ task, blocks, from, batch, rows: batch * parts, epoch: i * EPOCHS });
    from += steps;
  }
  const last = stages.at(-1)!.task;
  const held = await heldWindows(text.valid, last, packing, toWindow);
  if (held.count === 0) throw new DataError(`pretrain: no document of the held-out text has ${last.least} tokens`);
  const orders = new Orders(seed);
  return {
    probe: await probeOf(stages, text, toWindow, seed),
    stepsPerEpoch: stages.map(({ blocks, rows }) => blocks.count / rows),
    async batch(step) {
      const stage = stageOf(stages, step);
      const random = new Philox(seed, streams.masking, step);
      const places = placesOf(stage, step, orders);
      const rows = await Promise.all(places.map(([index, epoch]) => stage.blocks.read(index, epoch)));
      const batches: TrainBatch[] = [];
      for (const part of inParts([...rows.keys()], parts)) {
        const windows = part.map((i) => toWindow(rows[i]!));
        const where = () => `blocks ${part.map((i) => places[i]![0]).join(", ")} of the text`;
        batches.push({ ...stage.task.batch(windows, random), places: where });
      }
      return batches;
    },
    evaluate: (signal) => evaluateText(last, model, held, signal),
    figures: (metrics) => metrics,
    inWords: scoresInWords,
  };
}

const stageOf = (stages: readonly OpenStage[], step: number): OpenStage => stages.findLast(({ from }) => from <= step)!;

/** A plan's view of the stages: full windows of the beginning of the text. */
async function probeOf(
  stages: readonly OpenStage[],
  { train, valid }: TokenFile,
  toWindow: ToWindow,
  seed: number,
): Promise<Probe> {
  const lengthOf = ({ task }: OpenStage) => Math.min(task.window, train.length);
  const sample = await train.tokens(0, Math.max(...stages.map(lengthOf)));
  const last = lengthOf(stages.at(-1)!);
  return {
    tokens(step) {
      const stage = stageOf(stages, step);
      return { tokens: lengthOf(stage) * stage.rows, micro: lengthOf(stage) * stage.batch };
    },
    batch(step, share) {
      const stage = stageOf(stages, step);
      const window = toWindow(sample.subarray(0, lengthOf(stage)));
      const windows = Array.from({ length: Math.ceil(share * stage.batch) }, () => window);
      return stage.task.batch(windows, new Philox(seed, streams.masking, step));
    },
    evaluationTokens: Math.min(valid.length, Math.max(last, TOKENS)),
  };
}

const scoresInWords = ({ loss, bitsPerCharacter: bits, accuracy }: LanguageMetrics): string =>
  `held-out loss ${loss.toFixed(4)}` +
  (bits === undefined ? "" : `, ${bits.toFixed(4)} bits per character`) +
  (accuracy === undefined ? "" : `, ${(100 * accuracy).toFixed(1)} % of the masks right`);

/** Block and epoch of each row of a step: the shuffled blocks of all epochs, one epoch behind the other. */
function placesOf({ blocks, from, rows, epoch: first }: OpenStage, step: number, orders: Orders): [number, number][] {
  const begin = (step - from) * rows;
  return Array.from({ length: rows }, (_, i): [number, number] => {
    const epoch = first + Math.floor((begin + i) / blocks.count);
    return [orders.of(blocks.count, epoch)((begin + i) % blocks.count), epoch];
  });
}

/** The orders of the last epochs that were asked for. */
class Orders {
  readonly #seed: number;
  readonly #known = new Map<number, Order>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  of(count: number, epoch: number): Order {
    const known = this.#known.get(epoch);
    if (known) return known;
    if (this.#known.size > 1) this.#known.delete(this.#known.keys().next().value!);
    const order = shuffled(count, this.#seed, epoch);
    this.#known.set(epoch, order);
    return order;
  }
}

function requireTokens(text: TokenFile): void {
  for (const name of ["train", "valid"] as const) {
    const { length } = text[name];
    if (length < 2)
      throw new DataError(
        `pretrain: the ${name === "train" ? "" : "held-out "}text is of ${length} tokens, not 2 or more`,
      );
  }
}

function requireRoom(batch: number, length: number): void {
  if (batch * length > MOST_TOKENS)
    throw new ConfigError(
      `pretrain: batch is ${batch}; expected at most ${Math.floor(MOST_TOKENS / length)} windows of ${length} tokens`,
    );
}
