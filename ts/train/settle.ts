import type { RoFormer } from "../roformer.js";
import { calibrate } from "./calibrate.js";
import type { FinetuneOptions } from "./options.js";
import type { Detailed } from "./tasks/details.js";
import type { AnyTask, TaskName } from "./tasks/index.js";
import type { Example, Measured, Scores } from "./tasks/task.js";
import { thresholded } from "./thresholds.js";

/** What is decided about a trained model by its validation rows. */
interface Settling {
  /** Decides it. Gives the scores of the validation rows if these have changed. Errors: AbortError, EngineError. */
  settle(signal: AbortSignal | undefined): Promise<(Detailed<Scores> & Measured) | undefined>;
  /** What the logits have been divided by, once that is decided. */
  temperature(): number | undefined;
}

/** Calibrates a classifier, then chooses its thresholds. Errors: ConfigError for a task whose labels have none. */
export function settling(
  task: AnyTask,
  model: RoFormer,
  valid: readonly Example[],
  options: FinetuneOptions<TaskName>,
): Settling {
  const tune = thresholded(task, model, valid, options);
  let temperature: number | undefined;
  return {
    async settle(signal) {
      const { calibrate: wanted = true, onMessage } = options;
      temperature = wanted ? await calibrate(task, model, valid, { signal, onMessage }) : undefined;
      await tune?.(signal);
      return temperature !== undefined || tune ? task.evaluate(model, valid, { signal }, temperature) : undefined;
    },
    temperature: () => temperature,
  };
}
