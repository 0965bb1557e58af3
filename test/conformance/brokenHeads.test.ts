import { describe, expect, it } from "vitest";
import { type Head, type HeadFactory, heads, type Targets } from "../../ts/nn/heads/index.js";
import { PackedBatch } from "../../ts/nn/packed.js";
import { countLabels, IGNORED } from "../../ts/ops/crossEntropy.js";
import { scale } from "../../ts/ops/reduce.js";
import { type Tensor, tensor } from "../../ts/tensor/tensor.js";
import { failures } from "./checks.js";
import { headSuite } from "./headSuite.js";
import { labelCases } from "./labels.js";

/** `factory`'s head, with some members replaced. */
const changed = (factory: HeadFactory, members: (own: Head) => Partial<Head>): HeadFactory => ({
  ...factory,
  create(options) {
    const own = factory.create(options);
    const kept = { forward: own.forward.bind(own), count: own.count.bind(own), loss: own.loss.bind(own) };
    return { ...kept, ...members(kept) };
  },
});

const withTargets = (factory: HeadFactory, change: (targets: Targets) => Targets) =>
  changed(factory, ({ loss }) => ({
    loss: (hidden, batch, targets, counts) => loss(hidden, batch, change(targets), counts),
  }));

const withLoss = (factory: HeadFactory, change: (loss: Tensor) => Tensor) =>
  changed(factory, ({ loss }) => ({ loss: (...all) => change(loss(...all)) }));

/** Class 0 for each. */
const first = (labels: { readonly length: number }) => new Int32Array(labels.length);
const known = (label: number) => (label === IGNORED ? 0 : label);
const joined = ({ packed, choices }: PackedBatch) =>
  new PackedBatch({ ...packed, choices, offsets: Int32Array.of(0, packed.tokens.length) });

const value = "the loss is the f64 reference's, from the head's own logits";
const slope = "gradients are the slopes of that loss, 0 where labels are ignored, and nowhere else";
const count = "refuses labels of another number";
const apart = "a sequence gives the same bits in any batch";

const parts = "losses and gradients of the parts of a batch add up to the batch's";

describe("the suite of heads fails for one that", () => {
  it.each<[string, HeadFactory, string[]]>([
    ...Object.values(heads)
      .filter(({ labels }) => labels !== "none")
      .map((head): [string, HeadFactory, string[]] => [
        `takes the mean of each part of a batch: ${head.architecture}`,
        changed(head, ({ loss }) => ({ loss: (hidden, batch, targets) => loss(hidden, batch, targets) })),
        [`roformer, ${labelCases(head)[0]!.name}: ${parts}`],
      ]),
    [
      "counts the first token of a sequence, which nothing guesses",
      changed(heads["causal-lm"], () => ({ count: ({ tokens }) => [countLabels(tokens!)] })),
      [`roformer, all tokens: ${parts}`],
    ],
    [
      "ignores the labels of tokens",
      withTargets(heads["token-classification"], ({ tokens }) => ({ tokens: first(tokens!) })),
      [`roformer, all tokens: ${value}`, `bert, tokens, some ignored: ${slope}`],
    ],
    [
      "ignores the labels of a language model",
      withTargets(heads["masked-lm"], ({ tokens }) => ({ tokens: first(tokens!) })),
      [`roformer, all tokens: ${value}`],
    ],
    [
      "ignores the labels of sequences",
      withTargets(heads["sequence-classification"], ({ sequences }) => ({ sequences: [...first(sequences!)] })),
      [`roformer, sequences: ${value}`, `bert, sequences, some ignored: ${slope}`],
    ],
    [
      "ignores which choice is right",
      withTargets(heads["multiple-choice"], ({ sequences }) => ({ sequences: [...first(sequences!)] })),
      [`roformer, questions: ${value}`],
    ],
    [
      "ignores where answers end",
      withTargets(heads["question-answering"], ({ spans }) => ({
        spans: { starts: spans!.starts, ends: spans!.starts },
      })),
      [`roformer, spans: ${value}`],
    ],
    [
      "counts ignored tokens",
      withTargets(heads["masked-lm"], ({ tokens }) => ({ tokens: tokens!.map(known) })),
      [`roformer, tokens, some ignored: ${value}`, `roformer, tokens, some ignored: ${slope}`],
    ],
    [
      "counts ignored answers",
      withTargets(heads["question-answering"], ({ spans }) => ({
        spans: { starts: spans!.starts.map(known), ends: spans!.ends.map(known) },
      })),
      [`roformer, spans, some ignored: ${value}`],
    ],
    [
      "counts ignored questions",
      withTargets(heads["multiple-choice"], ({ sequences }) => ({ sequences: (sequences as number[]).map(known) })),
      [`bert, questions, some ignored: ${value}`],
    ],
    [
      "does not shift, though it is causal",
      { ...heads["masked-lm"], causal: true },
      [`roformer, all tokens: ${value}`, `roformer, all tokens: ${slope}`],
    ],
    ["shifts, though it is not causal", { ...heads["causal-lm"], causal: false }, [`roformer, all tokens: ${value}`]],
    [
      "lets a sequence's last token guess the next sequence's first",
      changed(heads["causal-lm"], ({ loss }) => ({
        loss: (hidden, batch, targets) => loss(hidden, joined(batch), targets),
      })),
      [`roformer, all tokens: ${value}`],
    ],
    [
      "takes a softmax over all sequences",
      changed(heads["question-answering"], ({ loss }) => ({
        loss(hidden, batch, { spans }) {
          const place = (places: Int32Array) => places.slice(0, 1);
          return loss(hidden, joined(batch), { spans: { starts: place(spans!.starts), ends: place(spans!.ends) } });
        },
      })),
      [`roformer, spans: ${value}`, `roformer, spans: ${count}`],
    ],
    [
      "sums where it must take the mean",
      withLoss(heads["token-classification"], (loss) => scale(loss, 10)),
      [`roformer, all tokens: ${value}`],
    ],
    [
      "takes the wrong kind of loss",
      {
        ...heads["sequence-classification"],
        create: (own) => heads["sequence-classification"].create({ ...own, problem: "regression" }),
      },
      [`roformer, multi_label_classification: ${value}`],
    ],
    [
      "gives the hidden states no gradient",
      changed(heads["token-classification"], ({ loss }) => ({
        loss: (hidden, batch, targets) => loss(tensor(hidden.read(), hidden.shape), batch, targets),
      })),
      [`roformer, all tokens: ${slope}`],
    ],
    [
      "takes any number of labels",
      changed(heads["token-classification"], ({ loss }) => ({
        loss(hidden, batch, { tokens }) {
          const padded = new Int32Array(batch.packed.tokens.length);
          padded.set(tokens!);
          return loss(hidden, batch, { tokens: padded });
        },
      })),
      [`roformer, all tokens: ${count}`],
    ],
    [
      "looks at its neighbors",
      changed(heads["sequence-classification"], ({ forward }) => ({
        forward: (hidden, batch) => forward(scale(hidden, batch.sequences), batch),
      })),
      [`roformer: ${apart}`, `bert: ${apart}`],
    ],
    [
      "has a loss, though it says that it has none",
      { ...heads["token-classification"], labels: "none" },
      ["has no loss, and says so"],
    ],
  ])("%s", (_, factory, facts) => {
    const suite = headSuite(factory).filter((check) => facts.includes(check.name));
    expect(failures(suite).sort()).toEqual([...facts].sort());
  });
});
