import type { Names } from "../options.js";
import type { ModelInputs } from "./inputs.js";
import type {
  ConvertOptions,
  CreateOptions,
  ForwardOptions,
  GradientOptions,
  PartGradientOptions,
} from "./interface.js";
import type { LoadOptions } from "./load.js";
import type { PassOptions } from "./pass.js";
import type { SaveOptions } from "./save.js";

/** The names of {@link CreateOptions}. */
export const CREATE: Names<CreateOptions> = { head: true, seed: true, tokenizer: true };

/** The names of {@link LoadOptions}. */
export const LOAD: Names<LoadOptions> = {
  head: true,
  strict: true,
  seed: true,
  config: true,
  base: true,
  int8: true,
  timeout: true,
  signal: true,
  onProgress: true,
};

/** The names of {@link ModelInputs}. */
export const INPUTS: Names<ModelInputs> = {
  inputIds: true,
  attentionMask: true,
  tokenTypeIds: true,
  positionIds: true,
  labels: true,
  startPositions: true,
  endPositions: true,
  encoderHiddenStates: true,
  encoderAttentionMask: true,
};

/** The names of {@link ForwardOptions}. */
export const FORWARD: Names<ForwardOptions> = { maskType: true, outputHiddenStates: true, signal: true };

/** The names of {@link GradientOptions}. */
export const GRADIENT: Names<GradientOptions> = {
  maskType: true,
  signal: true,
  train: true,
  seed: true,
  step: true,
  recompute: true,
};

/** The names of {@link PartGradientOptions}. */
export const PART_GRADIENT: Names<PartGradientOptions> = /* @__PURE__ */ Object.assign(
  { before: true, counts: true },
  GRADIENT,
);

/** The names of {@link PassOptions}. */
export const PASS: Names<PassOptions> = { maskType: true, states: true, each: true };

/** The names of {@link SaveOptions}. */
export const SAVE: Names<SaveOptions> = { dtype: true, maxShardBytes: true, merge: true, files: true };

/** The names of {@link ConvertOptions}. */
export const CONVERT: Names<ConvertOptions> = { dtype: true, maxShardBytes: true, head: true, from: true, rope: true };
