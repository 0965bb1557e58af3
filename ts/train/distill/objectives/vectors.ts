import { external } from "../../../autograd/external.js";
import type { BatchStates, Model } from "../../../models/model.js";
import { trainablePooling } from "../../../models/sentences/trained.js";
import { firstStates } from "../../../nn/pooler.js";
import { add, scale } from "../../../ops/reduce.js";
import { embed } from "../../../pipelines/embed.js";
import type { ReadyModel } from "../../../pipelines/pipeline.js";
import type { Tensor } from "../../../tensor/tensor.js";
import type { Basis } from "../basis.js";
import { contrast, cosineDistance, type Judged, relativeError, type TokenTargets, vectorError } from "../losses.js";
import { packed } from "../readings.js";
import { type BatchLoss, NONE, type Objective, type TeacherRecord } from "./objective.js";
import { commonStates, tokenTargets } from "./states.js";

/** What text vectors are compared by. */
export interface VectorSettings {
  readonly loss: "vectors" | "contrastive";
  readonly distance: "cosine" | "mse";
  /** Weight of the tokens' error; 0 where their states are not kept. */
  readonly tokenWeight: number;
  /** Weight of the first token's state as a vector of the text. */
  readonly clsWeight: number;
  /** Numbers of the student's vectors and states. */
  readonly width: number;
  /** Width of the teacher's states. */
  readonly teacherWidth: number;
  /** What the teacher's vectors are projected by, and its states; undefined where widths are the same. */
  readonly bases: { readonly vectors: Basis | undefined; readonly states: Basis | undefined };
  /** Whether the vectors are scaled to length 1. */
  readonly normalized: boolean;
}

/** The teacher's vectors of some texts, as its files say that these are made. */
export function teacherVectors(teacher: Model, states: BatchStates, count: number): Float32Array[] {
  const { read } = embed.prepare(teacher as ReadyModel, [], {});
  const places = Array.from({ length: count }, (_, i) => ({ row: i, index: i }));
  return read(states, places) as Float32Array[];
}

/** A student's vectors against the teacher's: how far apart they are, or which belongs to which. */
export function vectorObjective(settings: VectorSettings): Objective {
  const { loss, distance, tokenWeight, clsWeight, width, teacherWidth, bases, normalized } = settings;
  const keepsTokens = loss === "vectors" && tokenWeight > 0;
  const judge = (vectors: Float32Array, targets: readonly Float32Array[]): Judged =>
    loss === "contrastive"
      ? contrast(vectors, targets)
      : distance === "cosine"
        ? cosineDistance(vectors, targets)
        : vectorError(vectors, targets, normalized);
  return {
    key: { records: "vectors", width, tokens: keepsTokens },
    agreement: loss === "contrastive" ? "matched" : "cosine",
    sizeOf: ({ before, behind }) => ({ floats: width, halves: keepsTokens ? (before + behind) * width : 0 }),
    countOf: (readings) => readings.length,
    records(teacher, readings) {
      return teacher.run(packed(readings, "teacher"), (states) => {
        const vectors = teacherVectors(teacher, states, readings.length);
        const all = keepsTokens ? states.hidden.read() : NONE;
        const { offsets } = states.batch.packed;
        const at = (i: number) => ({ offset: offsets[i]!, width: teacherWidth, basis: bases.states });
        return readings.map(
          (reading, i): TeacherRecord => ({
            floats: bases.vectors ? bases.vectors.project(vectors[i]!) : vectors[i]!,
            halves: keepsTokens ? commonStates(all, reading, at(i)) : NONE,
          }),
        );
      });
    },
    loss(readings, records) {
      const own: BatchLoss = {
        count: readings.length,
        agreed: 0,
        loss({ hidden, batch }, model) {
          const vectors = trainablePooling(model)(hidden, batch);
          const targets = records.map(({ floats }) => floats);
          const far = external(vectors, (numbers) => {
            const judged = judge(numbers, targets);
            own.agreed = judged.agreed;
            return judged;
          });
          const terms = [far];
          if (clsWeight > 0)
            terms.push(
              scale(
                external(firstStates(hidden, batch), (first) => cosineDistance(first, targets)),
                clsWeight,
              ),
            );
          if (keepsTokens) {
            const all = tokenTargets(readings, batch.packed.offsets, (i) => records[i]!.halves);
            const error = tokenError(hidden, clsWeight > 0 ? all.map(withoutFirst(width)) : all);
            terms.push(scale(error, tokenWeight));
          }
          return terms.reduce(add);
        },
      };
      return own;
    },
  };
}

const tokenError = (hidden: Tensor, targets: readonly TokenTargets[]): Tensor =>
  external(hidden, (states) => relativeError(states, targets, hidden.shape[1]!));

/** The tokens of a text but the first, whose state has a term of its own: both models begin a text with the same special token. */
const withoutFirst =
  (width: number) =>
  ({ rows, states }: TokenTargets): TokenTargets => ({ rows: rows.slice(1), states: states.subarray(width) });
