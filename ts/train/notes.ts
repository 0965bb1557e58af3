import type { BagOfWordsMetrics } from "./baseline.js";
import { type EpochLosses, majorityShare, readResult } from "./reading.js";
import type { Part } from "./record.js";
import type { ClassifierScores } from "./tasks/classify.js";
import { isSkewed } from "./tasks/skew.js";
import type { Measured } from "./tasks/task.js";

/** What is known of a training beside its scores. */
interface Known {
  readonly part: Part;
  readonly history?: readonly EpochLosses[];
  readonly isPretrained?: boolean;
  readonly baseline?: BagOfWordsMetrics | undefined;
}

/** What somebody should know before they trust the scores of a classifier. */
export function notesOn(
  { metrics, confusionMatrix, labels }: ClassifierScores & Measured,
  { part, history = [], isPretrained = false, baseline }: Known,
): string[] {
  const share = majorityShare(confusionMatrix);
  // Accuracy is for classes of about equal size, and for the most likely class.
  const isAccuracy = metrics.threshold === undefined && !isSkewed(share, labels.length);
  return readResult({
    ...{ n: metrics.n, part, labels, confusionMatrix, history, isPretrained, baseline },
    ...{ majorityShare: share, matthews: isAccuracy ? undefined : metrics.matthews },
  });
}
