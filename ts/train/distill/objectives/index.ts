import { numLabels } from "../../../models/config.js";
import { isTrainable } from "../../../models/sentences/trained.js";
import type { RoFormer } from "../../../roformer.js";
import type { DistillLoss, ResolvedDistill } from "../../settings/distill.js";
import type { Bases } from "../bases.js";
import { hiddenObjective } from "./hidden.js";
import { classifierObjective, guessObjective } from "./logits.js";
import type { Objective } from "./objective.js";
import { vectorObjective } from "./vectors.js";

/** What an objective is made of. */
export interface ObjectiveParts {
  readonly teacher: RoFormer;
  readonly student: RoFormer;
  readonly loss: DistillLoss;
  readonly layers: readonly number[];
  readonly kept: Int32Array | undefined;
  readonly bases: Bases;
}

/** What a student learns, by the name of the loss. */
export function objectiveOf(parts: ObjectiveParts, settings: ResolvedDistill): Objective {
  const made = named(parts, settings);
  const { hash } = parts.bases;
  return hash === undefined ? made : { ...made, key: { ...made.key, bases: hash } };
}

function named(
  { teacher, student, loss, layers, kept, bases }: ObjectiveParts,
  { distance, tokenWeight, clsWeight, temperature, topTokens, seed }: ResolvedDistill,
): Objective {
  const [width, teacherWidth] = [student.config.hidden_size, teacher.config.hidden_size];
  if (loss === "hidden") return hiddenObjective({ layers, width, teacherWidth, basis: bases.states });
  if (loss === "logits" && teacher.head === "masked-lm")
    return guessObjective({ temperature, vocabulary: teacher.config.vocab_size, topTokens, kept, seed });
  if (loss === "logits") return classifierObjective(numLabels(teacher.config), temperature);
  return vectorObjective({
    ...{ loss: loss as "vectors" | "contrastive", distance, clsWeight, width, teacherWidth, bases },
    // Where vectors are more than pooled states, the states are not in their space.
    tokenWeight: isTrainable(teacher) ? tokenWeight : 0,
    normalized: student.sentences?.normalize ?? false,
  });
}
