import type { Names } from "../options.js";
import type { AnswerOptions } from "./answer.js";
import type { PipelineOptions } from "./batches.js";
import type { ClassifyOptions } from "./classify.js";
import type { EmbedOptions } from "./embed.js";
import type { FillMaskOptions } from "./fillMask.js";
import type { SearchOptions } from "./search.js";
import type { TagTokensOptions } from "./tagTokens.js";

// Tables that nobody uses are left out of bundles, which spread syntax would keep.

const choose: Names<PipelineOptions> = { maxLength: true, batchTokens: true, signal: true, onProgress: true };
const classify: Names<ClassifyOptions> = /* @__PURE__ */ Object.assign(
  { pairs: true, topK: true, functionToApply: true },
  choose,
);
const embed: Names<EmbedOptions> = /* @__PURE__ */ Object.assign(
  { pooling: true, normalize: true, prompt: true, promptName: true, truncateDim: true },
  choose,
);
const search: Names<SearchOptions> = /* @__PURE__ */ Object.assign(
  { topK: true, queryPrompt: true, queryPromptName: true, similarityFnName: true },
  embed,
);
const fillMask: Names<FillMaskOptions> = /* @__PURE__ */ Object.assign({ topK: true }, choose);
const tagTokens: Names<TagTokensOptions> = /* @__PURE__ */ Object.assign(
  { aggregation: true, ignoreLabels: true, stride: true },
  choose,
);
const answer: Names<AnswerOptions> = /* @__PURE__ */ Object.assign(
  {
    topK: true,
    maxAnswerLength: true,
    stride: true,
    handleImpossibleAnswer: true,
    alignToWords: true,
  },
  choose,
);

/** The names of every pipeline's options, by the model's method. */
export const PIPELINES = { classify, embed, search, fillMask, tagTokens, answer, choose };
