import { familyOf } from "../models/families.js";
import type { Model } from "../models/model.js";
import type { Parameter } from "../tensor/parameter.js";
import type { FinetuneOptions } from "./options.js";
import type { AnyTask, TaskName } from "./tasks/index.js";
import type { Example } from "./tasks/task.js";

/**
 * Calibrates a trained classifier by one temperature: the weights and the bias of its last layer are divided by it, so that any program computes
 * the calibrated probabilities. No label changes. Gives the temperature; undefined where the model is left as it is, which a message
 * explains. Errors: AbortError, EngineError.
 */
export async function calibrate(
  task: AnyTask,
  model: Model,
  valid: readonly Example[],
  { signal, onMessage }: Pick<FinetuneOptions<TaskName>, "signal" | "onMessage">,
): Promise<number | undefined> {
  if (!task.temperature) return undefined;
  const found = lastLayer(model);
  const fitted = "why" in found ? found : await task.temperature(model, valid, { signal });
  if ("why" in fitted) {
    onMessage?.(`not calibrated: ${fitted.why}`);
    return undefined;
  }
  const { temperature } = fitted;
  for (const one of (found as { parameters: readonly Parameter[] }).parameters)
    one.write(one.read().map((x) => x / temperature));
  onMessage?.(
    `calibrated by a temperature of ${temperature.toPrecision(4)}, which has the lowest log loss on the ${valid.length} validation rows`,
  );
  return temperature;
}

/** What a classifier's logits are linear in, or why it may not be changed. */
function lastLayer({ config, store }: Model): { readonly parameters: readonly Parameter[] } | { readonly why: string } {
  const { outputs } = familyOf(config);
  const layer = [...store.linears.values()].find(({ weight }) => outputs.includes(weight.name));
  if (!layer) return { why: "the classifier has no linear layer of its own" };
  const parameters = [layer.weight, ...(layer.bias ? [layer.bias] : [])];
  if (layer.adapter) return { why: "the classifier's last layer has an adapter" };
  if (parameters.some(({ requiresGrad }) => !requiresGrad)) return { why: "the classifier's last layer is frozen" };
  return { parameters };
}
