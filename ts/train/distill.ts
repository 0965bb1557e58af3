import { init } from "../engine/engine.js";
import { checkOptions } from "../options.js";
import type { RoFormer } from "../roformer.js";
import { totalSize } from "../tensor/tensor.js";
import type { TrainingMetrics } from "./course.js";
import type { DistillScores } from "./distill/course.js";
import { DISTILL, type DistillOptions } from "./distill/options.js";
import { type PreparedDistill, prepare, type TeacherFacts } from "./distill/prepare.js";
import type { Part, RunRecord } from "./record.js";
import { checkRun, type Outcome, run } from "./run.js";
import type { WhenAborted } from "./settings/run.js";

/** How small and fast a student is, beside its teacher. */
export interface StudentSizes {
  /** Numbers of the student, all of which are saved. */
  readonly parameters: number;
  /** Those of the teacher. */
  readonly teacherParameters: number;
  /** Bytes of the student's weights as f32. */
  readonly bytes: number;
  /** Bytes of the teacher's as f32. */
  readonly teacherBytes: number;
  /** Texts that the student's encoder computes per second. */
  readonly textsPerSecond: number;
  /** Texts that the teacher's computes per second: the same texts, in the same run. */
  readonly teacherTextsPerSecond: number;
}

/** How near a student is to its teacher. */
export interface DistillMetrics extends StudentSizes {
  /** Which texts the loss is of: those held out of `data`. */
  readonly part: Part;
  /** Texts held out, or hidden tokens of these. */
  readonly n: number;
  /** Mean loss on them. */
  readonly loss: number;
  /** Mean cosine of the vectors of both models. */
  readonly cosine?: number;
  /** Share of the texts whose own vector is the teacher's nearest one in a batch. */
  readonly matched?: number;
  /** Share of the texts, or of hidden tokens, for which both models predict the same. */
  readonly agreement?: number;
  /** The main metric of `valid`'s rows, which is among the metrics by this name too. */
  readonly metric?: string;
  /** Rows of `valid`. */
  readonly rows?: number;
  /** The student's score on `valid`. */
  readonly score?: number;
  /** The teacher's. */
  readonly teacherScore?: number;
  /** The share of the teacher's score that the student keeps. */
  readonly kept?: number;
}

/** What {@link distill} returns: the student, which the caller closes, and how near it is to its teacher. */
export interface DistillResult {
  /** The student after its last step; the caller closes it. */
  readonly model: RoFormer;
  /** How near it is, how small and fast, and how the training went. */
  readonly metrics: DistillMetrics & TrainingMetrics & RunRecord;
}

/** What {@link distill} returns for a run that was stopped, with `whenAborted: "return"`: nothing was evaluated. */
export interface StoppedDistillResult {
  /** The student as it is; the caller closes it. */
  readonly model: RoFormer;
  /** How the training went. */
  readonly metrics: StudentSizes & TrainingMetrics & RunRecord;
}

/**
 * Trains a small model to do what a large one does, on texts without labels. The student begins with some of the teacher's layers and the
 * part of its vocabulary that the texts need. What the teacher makes of the texts is computed once and kept.
 *
 * @example
 * ```ts
 * const { model, metrics } = await distill({ teacher: "./all-MiniLM-L6-v2", data: "texts.txt", layers: 3, vocabSize: 16000 });
 * console.log(metrics.cosine);
 * await model.save("./small");
 * ```
 * @throws ConfigError for a wrong setting or a student that the teacher cannot have, DataError for texts that cannot be read or a cache that
 * cannot be written, CheckpointError before the training if `out` cannot be written, UnsavedError with the student after it, EngineError for
 * a loss that is not a number or where there is no memory, AbortError.
 */
export async function distill(options: DistillOptions): Promise<DistillResult>;
export async function distill(options: DistillOptions & WhenAborted): Promise<DistillResult | StoppedDistillResult>;
export async function distill(options: DistillOptions & WhenAborted): Promise<DistillResult | StoppedDistillResult> {
  checkOptions("distill", options, DISTILL);
  await init();
  await checkRun(options);
  const prepared = await prepare(options);
  return run(prepared, options, (outcome) => resultOf(outcome, prepared));
}

type Ended = Outcome<RoFormer["head"], DistillScores>;

function resultOf(
  { model, scores, training, part }: Ended,
  { facts, record, course }: PreparedDistill,
): DistillResult | StoppedDistillResult {
  Object.assign(model.config, facts.dropout);
  const { epochs = 0, ...taken } = training;
  return {
    model,
    metrics: {
      ...(scores && { part, ...course.figures(scores), ...validMetrics(scores, facts) }),
      ...sizesOf(model, facts),
      ...{ ...taken, epochs },
      ...record,
    },
  };
}

function sizesOf(model: RoFormer, { parameters: teacherParameters, speeds }: TeacherFacts): StudentSizes {
  const parameters = totalSize(model.parameters());
  return {
    ...{ parameters, teacherParameters, bytes: 4 * parameters, teacherBytes: 4 * teacherParameters },
    ...{ textsPerSecond: speeds.student, teacherTextsPerSecond: speeds.teacher },
  };
}

/** The scores on labeled rows, beside the teacher's. */
function validMetrics({ valid }: DistillScores, facts: TeacherFacts): object {
  if (!valid || !facts.valid) return {};
  const { n: _, loss: __, ...metrics } = valid.metrics as Record<string, unknown>;
  const { metric, rows, score } = valid;
  const teacherScore = facts.valid.score;
  return { ...metrics, metric, rows, score, teacherScore, kept: score / teacherScore };
}
