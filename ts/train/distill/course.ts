import { Batches, sortedBatches } from "../../data/batches.js";
import { AbortError } from "../../errors.js";
import type { Model } from "../../models/model.js";
import { BATCH_TOKENS } from "../../pipelines/run.js";
import { pacer } from "../../platform/pacer.js";
import type { Course } from "../course.js";
import { inParts } from "../parts.js";
import type { TrainBatch } from "../step.js";
import type { Objective, TeacherRecord } from "./objectives/objective.js";
import type { TeacherOutputs } from "./outputs.js";
import { packed, type Reading } from "./readings.js";
import type { ValidScore } from "./scored.js";

/** Texts as both models read them, and what the teacher made of them. */
export interface Learned {
  readonly readings: readonly Reading[];
  readonly outputs: TeacherOutputs;
}

/** How near a student is to its teacher. */
export interface DistillScores {
  /** Texts held out, or hidden tokens of these. */
  readonly n: number;
  /** The mean loss on them. */
  readonly loss: number;
  /** How well both agree on them: the mean cosine of their vectors, or the share of texts or tokens. */
  readonly agreement: number | undefined;
  /** Scores on labeled rows; undefined where there are none. */
  readonly valid: ValidScore | undefined;
}

/** What a course is made of. */
export interface DistillCourse {
  readonly student: Model;
  readonly objective: Objective;
  readonly train: Learned;
  readonly held: Learned;
  readonly batchTokens: number;
  /** Micro-batches of a step. */
  readonly parts: number;
  readonly seed: number;
  /** The student's score on labeled rows. */
  score?: ((signal: AbortSignal | undefined) => Promise<ValidScore>) | undefined;
}

const lengthsOf = (readings: readonly Reading[]): number[] => readings.map(({ student }) => student.ids.length);

/** Every text once an epoch, in batches of similar length, against what the teacher made of it. */
export function distillCourse(given: DistillCourse): Course<DistillScores> & { readonly perEpoch: number } {
  const { student, objective, train, held, batchTokens, parts, seed, score } = given;
  const lengths = lengthsOf(train.readings);
  const batches = new Batches(lengths, { tokens: batchTokens * parts }, seed);
  const batchOf = async (texts: readonly number[]): Promise<TrainBatch> => {
    const readings = texts.map((i) => train.readings[i]!);
    return lossOf(objective, readings, await train.outputs.read(texts));
  };
  const tokensOf = (texts: readonly number[]) => texts.reduce((sum, i) => sum + lengths[i]!, 0);
  const largest = (step: number) =>
    inParts(batches.at(step), parts).reduce((most, part) => (tokensOf(part) > tokensOf(most) ? part : most));
  return {
    perEpoch: batches.perEpoch,
    probe: {
      tokens: (step) => ({ tokens: tokensOf(batches.at(step)), micro: tokensOf(largest(step)) }),
      batch(step, share) {
        const texts = largest(step);
        const readings = texts.slice(0, Math.ceil(share * texts.length)).map((i) => train.readings[i]!);
        return lossOf(objective, readings, readings.map(blankOf(objective)));
      },
      evaluationTokens: Math.min(BATCH_TOKENS, tokensOf([...lengths.keys()])),
    },
    async batch(step) {
      const made: TrainBatch[] = [];
      for (const texts of inParts(batches.at(step), parts)) made.push(await batchOf(texts));
      return made;
    },
    async evaluate(signal) {
      const near = await nearness(student, objective, held, signal);
      return { ...near, valid: await score?.(signal) };
    },
    figures: ({ n, loss, agreement, valid }) => ({
      ...{ n, loss },
      ...(objective.agreement !== undefined && { [objective.agreement]: agreement }),
      ...(valid && { [valid.metric]: valid.score }),
    }),
    inWords: ({ loss, agreement, valid }) =>
      [
        `held-out loss ${loss.toFixed(4)}`,
        ...(objective.agreement === undefined ? [] : [`${objective.agreement} ${agreement!.toFixed(4)}`]),
        ...(valid ? [`${valid.metric} ${valid.score.toFixed(4)}`] : []),
      ].join(", "),
  };
}

const lossOf = (objective: Objective, readings: readonly Reading[], records: readonly TeacherRecord[]): TrainBatch => ({
  packed: packed(readings, "student"),
  targets: objective.loss(readings, records),
});

/** A record of ones, of the size that a text's has: to see what memory a step takes. */
const blankOf =
  (objective: Objective) =>
  (reading: Reading): TeacherRecord => {
    const { floats, halves } = objective.sizeOf(reading);
    return { floats: new Float32Array(floats).fill(1), halves: new Float32Array(halves).fill(1) };
  };

/** How near a student is to its teacher on texts that it did not learn from. Errors: AbortError. */
async function nearness(
  student: Model,
  objective: Objective,
  { readings, outputs }: Learned,
  signal: AbortSignal | undefined,
): Promise<Omit<DistillScores, "valid">> {
  const pause = pacer();
  let [n, sum, agreed] = [0, 0, 0];
  for (const texts of sortedBatches(lengthsOf(readings), { tokens: BATCH_TOKENS })) {
    if (signal?.aborted) throw new AbortError("the evaluation was aborted", { cause: signal.reason });
    const chosen = texts.map((i) => readings[i]!);
    const own = objective.loss(chosen, await outputs.read(texts));
    sum += own.count * student.loss(packed(chosen, "student"), own);
    agreed += own.agreed;
    n += own.count;
    await pause();
  }
  return { n, loss: sum / n, agreement: objective.agreement === undefined ? undefined : agreed / n };
}
