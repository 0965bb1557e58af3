import { ConfigError } from "../errors.js";
import { labelNames } from "../models/config.js";
import type { RoFormer } from "../models/roformer.js";
import type { Encoding } from "../tokenizers/tokenizer.js";
import {
  checkSequence,
  checkTexts,
  needed,
  type PipelineOptions,
  readFinite,
  runBatches,
  softmax,
  trainedLength,
} from "./batches.js";

/** Settings of `tagTokens`. */
export interface TagTokensOptions extends PipelineOptions {
  /** "none": a tag a token; "simple": neighbours of one kind (`B-PER`, `I-PER`) are one. "none" unless given. */
  readonly aggregation?: "none" | "simple";
  /** Labels that are left out; `["O"]` unless given. */
  readonly ignoreLabels?: readonly string[];
}

/** A token with its label, or several with one. */
export interface TokenTag {
  /** The likeliest class; of several tokens, without `B-` and `I-`. */
  readonly label: string;
  /** Its probability, 0 … 1; of several tokens, their mean. */
  readonly score: number;
  /** What of the text it covers. */
  readonly word: string;
  /** Where it begins in the text, in UTF-16 units. */
  readonly start: number;
  /** Where it ends: the unit behind it. */
  readonly end: number;
  /** Number of the token, or of the first, from 0, special ones included. */
  readonly index: number;
}

/** The labels of each text's tokens, special tokens left out. */
export async function tagTokens(
  model: RoFormer,
  texts: readonly string[],
  options: TagTokensOptions,
): Promise<TokenTag[][]> {
  const tokenizer = needed("tagTokens", model, ["token-classification"]);
  const { aggregation = "none", ignoreLabels = ["O"], maxLength = trainedLength(model) } = options;
  if (aggregation !== "none" && aggregation !== "simple")
    throw new ConfigError(`tagTokens: aggregation is ${JSON.stringify(aggregation)}, not "none" or "simple"`);
  const encodings = checkTexts("tagTokens", texts).map((text, i) => {
    const encoding = tokenizer.encode(text, { maxLength, truncation: true });
    checkSequence(`tagTokens: texts[${i}]`, encoding, model);
    return encoding;
  });
  const labels = labelNames(model.config);
  return runBatches("tagTokens", model, encodings, options, ({ head, batch }, chosen) => {
    const logits = readFinite(head().logits!);
    const { offsets } = batch.packed;
    return chosen.map((i, b) => {
      const own = logits.subarray(offsets[b]! * labels.length, offsets[b + 1]! * labels.length);
      const tags = tokenTags(texts[i]!, encodings[i]!, own, labels);
      const found = aggregation === "simple" ? grouped(texts[i]!, tags) : tags;
      return found.filter(({ label }) => !ignoreLabels.includes(label));
    });
  });
}

function tokenTags(text: string, { offsets }: Encoding, logits: Float32Array, labels: readonly string[]): TokenTag[] {
  return offsets.flatMap(([start, end], index) => {
    if (start === end) return []; // a special token
    const scores = softmax(logits.subarray(index * labels.length, (index + 1) * labels.length));
    const best = scores.reduce((top, score, i) => (score > scores[top]! ? i : top), 0);
    return [{ label: labels[best]!, score: scores[best]!, word: text.slice(start, end), start, end, index }];
  });
}

/** Neighbours of one kind as one tag, as Hugging Face's "simple": `B-` begins a new one. */
function grouped(text: string, tags: readonly TokenTag[]): TokenTag[] {
  const groups: TokenTag[][] = [];
  for (const tag of tags) {
    const last = groups.at(-1)?.at(-1);
    if (last && kindOf(last.label) === kindOf(tag.label) && !tag.label.startsWith("B-")) groups.at(-1)!.push(tag);
    else groups.push([tag]);
  }
  return groups.map((group) => {
    const [first, last] = [group[0]!, group.at(-1)!];
    const score = group.reduce((sum, tag) => sum + tag.score, 0) / group.length;
    const word = text.slice(first.start, last.end);
    return { ...first, label: kindOf(first.label), score, word, end: last.end };
  });
}

const kindOf = (label: string): string => label.replace(/^[BI]-/, "");
