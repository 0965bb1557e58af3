import { ConfigError } from "../errors.js";
import { numLabels, type RoFormerConfig } from "../models/config.js";
import { sigmoid, softmax } from "./numbers.js";

/** Turns a classifier's logits into scores: Hugging Face's `function_to_apply`. */
export type FunctionToApply = "sigmoid" | "softmax" | "none";

type Scores = (logits: Float32Array) => number[];

const each =
  (f: (x: number) => number): Scores =>
  (logits) =>
    Array.from(logits, f);

const FUNCTIONS: Readonly<Record<FunctionToApply, Scores>> = {
  sigmoid: each(sigmoid),
  softmax,
  none: each((x) => x),
};

/** PyTorch's activations that a cross-encoder may name, by class. */
const MODULES: ReadonlyMap<string, Scores> = new Map([
  ["Identity", FUNCTIONS.none],
  ["Sigmoid", FUNCTIONS.sigmoid],
  ["Softmax", FUNCTIONS.softmax],
  ["LogSigmoid", each((x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))))],
  ["LogSoftmax", (logits) => softmax(logits).map(Math.log)],
  ["ReLU", each((x) => Math.max(x, 0))],
  ["Tanh", each(Math.tanh)],
]);

/**
 * The function that turns logits into scores: `asked`, else the configuration's (see {@link activationOf}), else as transformers'
 * pipeline decides: none for a regression, sigmoid for several labels per text or for one label, softmax otherwise.
 * Errors: ConfigError for an unknown function.
 */
export function scoresFunction(config: RoFormerConfig, asked: FunctionToApply | undefined): Scores {
  if (asked !== undefined) {
    if (Object.hasOwn(FUNCTIONS, asked)) return FUNCTIONS[asked];
    const names = Object.keys(FUNCTIONS).join(", ");
    throw new ConfigError(`classify: functionToApply is ${JSON.stringify(asked)}, not one of ${names}`);
  }
  const named = activationOf(config);
  if (named) return named;
  if (config.problem_type === "regression") return FUNCTIONS.none;
  const apart = config.problem_type === "multi_label_classification" || numLabels(config) === 1;
  return apart ? FUNCTIONS.sigmoid : FUNCTIONS.softmax;
}

/**
 * The activation that sentence-transformers' CrossEncoder saved: `sentence_transformers.activation_fn`, before its release 4
 * `sbert_ce_default_activation_function`. As there, classes outside PyTorch are ignored.
 */
function activationOf(config: RoFormerConfig): Scores | undefined {
  const { sentence_transformers: ours, sbert_ce_default_activation_function: older } = config;
  const isNewer = typeof ours === "object" && ours !== null && "activation_fn" in ours;
  const path = isNewer ? ours.activation_fn : older;
  if (typeof path !== "string" || !path.startsWith("torch.")) return undefined;
  const found = MODULES.get(path.split(".").at(-1)!);
  if (found) return found;
  const field = isNewer ? "sentence_transformers.activation_fn" : "sbert_ce_default_activation_function";
  throw new ConfigError(
    `classify: config.json: ${field} is ${JSON.stringify(path)}, not one of ${[...MODULES.keys()].join(", ")} of torch.nn; ` +
      "name functionToApply",
  );
}
