import type { Model, OwnLoss } from "../../../models/model.js";
import type { Reading } from "../readings.js";

/** What the teacher made of a text: numbers that are kept as they are, and numbers that are kept as f16. */
export interface TeacherRecord {
  readonly floats: Float32Array;
  readonly halves: Float32Array;
}

/** How many numbers a record has. */
export interface RecordSize {
  readonly floats: number;
  readonly halves: number;
}

/** A loss of one batch, which notes how well the student agreed with the teacher when it is computed. */
export interface BatchLoss extends OwnLoss {
  /** Summed over what {@link count} counts. */
  agreed: number;
}

/** What a student learns of its teacher: what is kept of the teacher's outputs, and the loss against it. */
export interface Objective {
  /** What the records follow from, beside the teacher and the texts. */
  readonly key: object;
  /** What a line of progress and the metrics call the agreement of both; undefined where there is none. */
  readonly agreement: string | undefined;
  /** How many numbers the record of a text has. */
  sizeOf(reading: Reading): RecordSize;
  /** What the teacher makes of some texts, computed together. Errors: EngineError. */
  records(teacher: Model, readings: readonly Reading[]): TeacherRecord[];
  /** What a batch's loss is a mean over: texts, or guesses. */
  countOf(readings: readonly Reading[]): number;
  /** The student's loss on a batch. */
  loss(readings: readonly Reading[], records: readonly TeacherRecord[]): BatchLoss;
}

export const NONE = new Float32Array(0);
