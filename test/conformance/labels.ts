import type { HeadFactory, ProblemType, Targets } from "../../ts/nn/heads/index.js";
import { IGNORED } from "../../ts/ops/crossEntropy.js";
import { crossEntropy } from "../ops/formulas.js";
import { placesOf } from "./masks.js";

/** Lengths of the sequences that heads are tried on; where these are choices, two make a question. */
export const LENGTHS: readonly number[] = [3, 1, 4, 2];
export const CHOICES = 2;
/** Classes of a classifier. */
export const CLASSES = 3;

const { offsets } = placesOf(LENGTHS);
const sequences = LENGTHS.map((_, b) => [offsets[b]!, offsets[b + 1]!] as const);

/** What a head gives, in f64, by output. */
export type Outputs = Readonly<Record<string, Float64Array>>;

/** Labels for a head, and what must follow from them. */
export interface LabelCase {
  readonly name: string;
  readonly problem?: ProblemType;
  readonly targets: Targets;
  /** The loss, in f64, from the head's outputs. */
  loss(outputs: Outputs): number;
  /** Rows `from` … `to` of the hidden states of which the loss depends on some (`live`), or on none. */
  readonly groups: readonly { readonly from: number; readonly to: number; readonly live: boolean }[];
}

/** Labels of the kind that a head takes, some of them ignored. */
export function labelCases({ labels, causal = false, choices = false }: HeadFactory): LabelCase[] {
  if (labels === "tokens")
    return [tokenCase(TOKENS, causal, 0), tokenCase(ALL_TOKENS, causal, 0), tokenCase(TOKENS, causal, 0.1)];
  if (labels === "spans") return [SPANS, ALL_SPANS].map(spanCase);
  if (labels === "none") return [];
  if (choices)
    return [
      [1, 0],
      [1, IGNORED],
    ].map((right) => classCase(right, CHOICES, CHOICES));
  return [
    ...[
      [2, 0, 1, 1],
      [2, IGNORED, 0, IGNORED],
    ].map((own) => classCase(own, CLASSES, 1)),
    cells(...MULTI),
    cells(...REGRESSION),
  ];
}

const TOKENS = [2, IGNORED, 0, 1, 0, 1, IGNORED, 2, IGNORED, 1];
const ALL_TOKENS = [2, 1, 0, 1, 0, 1, 2, 2, 0, 1];

function tokenCase(tokens: readonly number[], causal: boolean, labelSmoothing: number): LabelCase {
  const ends = new Set(offsets.map((end) => end - 1));
  const aims = causal ? tokens.map((_, row) => (ends.has(row) ? IGNORED : tokens[row + 1]!)) : tokens;
  return {
    name: `${tokens.includes(IGNORED) ? "tokens, some ignored" : "all tokens"}${labelSmoothing > 0 ? ", smoothed" : ""}`,
    targets: { tokens: Int32Array.from(tokens), ...(labelSmoothing > 0 && { labelSmoothing }) },
    loss: ({ logits }) => crossEntropy(logits!, aims, logits!.length / tokens.length, labelSmoothing)[0]!,
    groups: aims.map((aim, row) => ({ from: row, to: row + 1, live: aim !== IGNORED })),
  };
}

/** A class for every `each` sequences. */
function classCase(classes: readonly number[], count: number, each: number): LabelCase {
  const ignored = classes.includes(IGNORED);
  return {
    name: `${each > 1 ? "questions" : "sequences"}${ignored ? ", some ignored" : ""}`,
    targets: { sequences: classes },
    loss: ({ logits }) => crossEntropy(logits!, classes, count)[0]!,
    groups: sequences.map(([from, to], b) => ({ from, to, live: classes[Math.floor(b / each)] !== IGNORED })),
  };
}

const MULTI = [
  "multi_label_classification",
  [
    [1, 0, 1],
    [0, 0, 0],
    [0, 1, 0],
    [1, 1, 1],
  ],
  // Binary cross-entropy with the sigmoid.
  (x: number, label: number) => Math.log1p(Math.exp(x)) - label * x,
] as const;

const REGRESSION = [
  "regression",
  [
    [0.5, -1, 2],
    [0, 0.25, 1],
    [-2, 1, 0],
    [3, 1, -1],
  ],
  (x: number, label: number) => (x - label) ** 2,
] as const;

/** A number for every cell of the logits: the mean of their losses. */
function cells(
  problem: ProblemType,
  labels: readonly (readonly number[])[],
  loss: (logit: number, label: number) => number,
): LabelCase {
  const flat = labels.flat();
  return {
    ...{ name: problem, problem, targets: { sequences: labels } },
    loss: ({ logits }) => logits!.reduce((sum, x, i) => sum + loss(x, flat[i]!), 0) / flat.length,
    groups: sequences.map(([from, to]) => ({ from, to, live: true })),
  };
}

const SPANS = { starts: [2, 0, IGNORED, 0], ends: [2, 0, IGNORED, 1] };
const ALL_SPANS = { starts: [1, 0, 0, 0], ends: [2, 0, 3, 1] };

function spanCase({ starts, ends }: { starts: readonly number[]; ends: readonly number[] }): LabelCase {
  /** Mean over sequences of −ln softmax over a sequence's own tokens. */
  const own = (logits: Float64Array, places: readonly number[]) => {
    const losses = sequences.flatMap(([from, to], b) => {
      const place = places[b]!;
      return place === IGNORED ? [] : [crossEntropy(logits.slice(from, to), [place], to - from)[0]!];
    });
    return losses.reduce((a, b) => a + b, 0) / losses.length;
  };
  return {
    name: starts.includes(IGNORED) ? "spans, some ignored" : "spans",
    targets: { spans: { starts: Int32Array.from(starts), ends: Int32Array.from(ends) } },
    loss: ({ startLogits, endLogits }) => (own(startLogits!, starts) + own(endLogits!, ends)) / 2,
    // Of one token the softmax is 1, whatever its logit.
    groups: sequences.map(([from, to], b) => ({ from, to, live: starts[b] !== IGNORED && to - from > 1 })),
  };
}
