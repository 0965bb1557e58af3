import { ConfigError } from "../errors.js";
import { setThresholds } from "../models/thresholds.js";
import type { RoFormer } from "../roformer.js";
import type { FinetuneOptions } from "./options.js";
import type { AnyTask, TaskName } from "./tasks/index.js";
import type { Example } from "./tasks/task.js";

/**
 * Sets the threshold of a model's labels, if one is set; for "auto", returns what chooses and sets them when the model is trained. Errors:
 * ConfigError for a task whose labels have none.
 */
export function thresholded(
  task: AnyTask,
  model: RoFormer,
  valid: readonly Example[],
  { threshold, onMessage }: FinetuneOptions<TaskName>,
): ((signal: AbortSignal | undefined) => Promise<void>) | undefined {
  if (threshold === undefined) return undefined;
  if (!task.thresholds)
    throw new ConfigError("threshold is for two classes or for several labels per text, and the rows have neither");
  const { labels, tune } = task.thresholds;
  if (threshold !== "auto") {
    setThresholds(model.config, Object.fromEntries(labels.map((label) => [label, threshold])));
    return undefined;
  }
  return async (signal) => {
    const found = await tune(model, valid, { signal });
    setThresholds(model.config, found);
    const shown = Object.entries(found).map(([label, one]) => `${JSON.stringify(label)} from ${one} on`);
    onMessage?.(`thresholds with the best F1 on the validation rows: ${shown.join(", ")}`);
  };
}
