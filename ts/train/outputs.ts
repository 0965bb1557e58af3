import { CheckpointError } from "../errors.js";
import { labelNames, type RoFormerConfig } from "../models/config.js";
import { families } from "../models/families.js";
import { inWords } from "../models/fit.js";
import type { Model } from "../models/model.js";
import { isProjection } from "./architecture.js";
import { problemTypeOf } from "./tasks/problemType.js";

/** Whether a parameter belongs to the layer with an output per label, of either family. */
const isOutput = (name: string): boolean => /^classifier\.(out_proj\.)?(weight|bias)$/.test(name);

/**
 * Gives the output layer of a saved model fresh values, unless its outputs mean the same labels (`isKept`); returns lines that say
 * which weights are fresh and why.
 */
export function renewOutputs(
  model: Model,
  {
    config,
    labels,
    isKept,
    seed,
  }: { config: RoFormerConfig; labels: readonly string[]; isKept: boolean; seed: number },
): string[] {
  const renewed = isKept ? [] : renew(model, seed);
  const mismatched = model.mismatched.map(({ name }) => name);
  const fresh = [...model.missing, ...mismatched, ...renewed];
  return [
    ...([...renewed, ...mismatched].some(isOutput) ? [whyFresh(config, labels)] : []),
    ...(fresh.length > 0 ? [`fresh weights: ${fresh.join(", ")}`] : []),
  ];
}

/** Fresh values for an output layer that was loaded: its outputs mean other labels. Returns the names. */
function renew(model: Model, seed: number): string[] {
  const fresh = new Set([...model.missing, ...model.mismatched.map(({ name }) => name)]);
  const isLoaded = (name: string) => isOutput(name) && !fresh.has(name);
  model.store.initialise(seed, isLoaded);
  return model.store.parameters.map(({ name }) => name).filter(isLoaded);
}

function whyFresh(config: RoFormerConfig, names: readonly string[]): string {
  const type = problemTypeOf(config);
  const other =
    type === "single_label_classification"
      ? `tells ${some(labelNames(config))} apart and the texts have ${some(names)}`
      : `has problem_type ${type} and the texts have one label each`;
  return `the model ${other}: its output layer begins with fresh weights`;
}

const some = (names: readonly string[]): string => names.slice(0, 10).join(", ") + (names.length > 10 ? ", …" : "");

/**
 * Refuses an encoder of another size than its configuration says: a head may be of another size, as it was trained on other labels. Errors:
 * CheckpointError.
 */
export function requireEncoder(model: Model): void {
  const encoder = `${families[model.config.model_type].prefix}.`;
  const wrong = model.mismatched.filter(({ name }) => name.startsWith(encoder) && !isProjection(name));
  if (wrong.length === 0) return;
  throw new CheckpointError(`the weights do not fit their config.json. Wrong shapes: ${wrong.map(inWords).join("; ")}`);
}
