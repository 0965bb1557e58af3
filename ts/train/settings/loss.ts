import { classWeights, rate, type Settings } from "./rules.js";

/** How the cross-entropy of classes is taken, where it is not the plain one. */
export interface LossSettings {
  /**
   * Share of each label that is spread over all classes.
   * @default 0
   */
  readonly labelSmoothing?: number | undefined;
  /**
   * What each class counts, by name; "balanced" makes all classes count the same.
   * @default 1 each
   */
  readonly classWeights?: "balanced" | Readonly<Record<string, number>> | undefined;
}

/** The table of {@link LossSettings}. */
export const LOSS = {
  labelSmoothing: {
    ...{ rule: rate, unit: "rate", help: "Share of each label that is spread over all classes", default: 0 },
  },
  classWeights: {
    ...{ rule: classWeights, unit: "weights", usually: "1 each" },
    help: 'What each class counts, by name; "balanced" makes all classes count the same',
  },
} as const satisfies Settings<LossSettings>;
