import { expect } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { ConfigError, ShapeError } from "../../ts/errors.js";
import type { Head, HeadFactory, ProblemType, ScorerFactory, Targets } from "../../ts/nn/heads/index.js";
import { pooledChooser, summaryChooser } from "../../ts/nn/heads/multipleChoice.js";
import { plainSpans } from "../../ts/nn/heads/questionAnswering.js";
import { denseClassifier, pooledClassifier } from "../../ts/nn/heads/sequenceClassification.js";
import { droppedTokens } from "../../ts/nn/heads/tokenClassification.js";
import { PackedBatch, pack } from "../../ts/nn/packed.js";
import { ParameterScope, ParameterStore } from "../../ts/nn/parameters.js";
import { scope } from "../../ts/tensor/scope.js";
import { type Check, expectClose, random, tensorOf, total } from "./checks.js";
import { CHOICES, CLASSES, type LabelCase, LENGTHS, labelCases, type Outputs } from "./labels.js";

const [WIDTH, E, V] = [6, 5, 7];
const N = total(LENGTHS);

/** The model families' ways to make logits of sequences. */
const WAYS: Record<string, { classifier: ScorerFactory; chooser: ScorerFactory }> = {
  roformer: { classifier: denseClassifier, chooser: summaryChooser },
  bert: { classifier: pooledClassifier, chooser: pooledChooser },
};

const NAMES = {
  languageModel: { dense: "lm.dense", norm: "lm.norm", decoder: "lm.decoder", bias: "lm.bias" },
  pooler: "pooler.dense",
};

interface Made {
  readonly head: Head;
  readonly store: ParameterStore;
}

function withHead(
  factory: HeadFactory,
  way: string,
  problem: ProblemType | undefined,
  body: (made: Made) => void,
): void {
  const store = new ParameterStore();
  const root = new ParameterScope(store, 0.5);
  const summary = { type: "last", project: true, toLabels: false, activation: undefined } as const;
  const head = factory.create({
    ...{ params: root, encoder: root.at("encoder"), width: WIDTH, words: root.weight("words", [V, E]), tied: true },
    ...{ activation: "gelu", eps: 1e-12, dropout: 0, labels: CLASSES, problem, pooler: "tanh" },
    ...{ summary: { ...summary, firstDropout: 0, lastDropout: 0 }, ...WAYS[way]!, bias: true },
    ...{ tokenClassifier: droppedTokens, spanFinder: plainSpans, names: NAMES },
  });
  store.allocate();
  store.initialise(3);
  try {
    scope(() => body({ head, store }));
  } finally {
    store.free();
  }
}

/** Sequences of `lengths`: choices of questions where the head takes such. */
const batchOf = ({ choices }: HeadFactory, lengths = LENGTHS) =>
  new PackedBatch({
    ...pack(lengths.map((length) => new Array(length).fill(1))),
    ...(choices && { choices: CHOICES }),
  });

const hiddenOf = (values: Float64Array) => tensorOf(values, [values.length / WIDTH, WIDTH]);

const outputsOf = (head: Head, hidden: Float64Array, batch: PackedBatch): Outputs =>
  scope(() =>
    Object.fromEntries(
      Object.entries(head.forward(hiddenOf(hidden), batch)).map(([name, { tensor }]) => [
        name,
        Float64Array.from(tensor.read()),
      ]),
    ),
  );

/** What holds of the head `factory`, made in the way of each family. */
export function headSuite(factory: HeadFactory): Check[] {
  const cases = labelCases(factory);
  const each = (fact: string, body: (made: Made, own: LabelCase) => void): Check[] =>
    Object.keys(WAYS).flatMap((way) =>
      cases.map((own) => ({
        name: `${way}, ${own.name}: ${fact}`,
        run: () => withHead(factory, way, own.problem, (made) => body(made, own)),
      })),
    );
  return [
    ...each("the loss is the f64 reference's, from the head's own logits", ({ head }, { targets, loss }) => {
      const [hidden, batch] = [random(N * WIDTH, 1), batchOf(factory)];
      const got = head.loss(hiddenOf(hidden), batch, targets).item();
      expectClose([got], [loss(outputsOf(head, hidden, batch))], 2e-6, "loss");
    }),
    ...each("gradients are the slopes of that loss, 0 where labels are ignored, and nowhere else", (made, own) =>
      comparesGradients(made, own, batchOf(factory)),
    ),
    ...each("losses and gradients of the parts of a batch add up to the batch's", (made, own) =>
      addsUp(factory, made, own),
    ),
    ...each("refuses labels of another number", ({ head }, { targets }) => {
      const loss = () => head.loss(hiddenOf(random(N * WIDTH, 1)), batchOf(factory), shortened(targets));
      expect(loss).toThrow(ShapeError);
    }),
    ...Object.keys(WAYS).map((way) => ({
      name: `${way}: a sequence gives the same bits in any batch`,
      run: () => withHead(factory, way, undefined, ({ head }) => staysApart(factory, head)),
    })),
    ...(cases.length > 0 ? [] : [refusesLabels(factory)]),
  ];
}

const refusesLabels = (factory: HeadFactory): Check => ({
  name: "has no loss, and says so",
  run: () =>
    withHead(factory, "roformer", undefined, ({ head }) => {
      const loss = () => head.loss(hiddenOf(random(N * WIDTH, 1)), batchOf(factory), { sequences: [0, 1, 2, 0] });
      expect(loss).toThrow(ConfigError);
    }),
});

/** The labels of sequences `from` … `to`. */
function labelsOf(
  { tokens, sequences, spans, ...others }: Targets,
  choices: number,
  from: number,
  to: number,
): Targets {
  const rows = [from, to].map((b) => total(LENGTHS.slice(0, b))) as [number, number];
  return {
    ...others,
    ...(tokens && { tokens: tokens.slice(...rows) }),
    ...(sequences && { sequences: sequences.slice(from / choices, to / choices) as number[] }),
    ...(spans && { spans: { starts: spans.starts.slice(from, to), ends: spans.ends.slice(from, to) } }),
  };
}

/** One sequence, or the choices of one question, after the other: some have no label that counts. */
function addsUp(factory: HeadFactory, { head, store }: Made, { targets }: LabelCase): void {
  const hidden = random(N * WIDTH, 1);
  const choices = factory.choices ? CHOICES : 1;
  const measure = (cuts: readonly (readonly [number, number])[]) => {
    store.requireGradients();
    store.zeroGradients();
    const parts = cuts.map(([from, to]) => {
      const rows = [from, to].map((b) => WIDTH * total(LENGTHS.slice(0, b))) as [number, number];
      const own = labelsOf(targets, choices, from, to);
      return { hidden: hidden.slice(...rows), batch: batchOf(factory, LENGTHS.slice(from, to)), own };
    });
    const each = parts.map(({ batch, own }) => head.count(own, batch.packed));
    const sums = each[0]!.map((_, i) => total(each.map((one) => one[i]!)));
    const counts = cuts.length > 1 ? sums : undefined;
    const losses = parts.map(
      ({ hidden, batch, own }) => valueAndGradients(() => head.loss(hiddenOf(hidden), batch, own, counts)).loss,
    );
    return [total(losses), ...store.parameters.flatMap((parameter) => [...parameter.gradient().data])];
  };
  const singly = Array.from({ length: LENGTHS.length / choices }, (_, i) => [i * choices, (i + 1) * choices] as const);
  const whole = measure([[0, LENGTHS.length]]);
  expectClose(measure(singly), whole, 2e-6, "loss and gradients of the parts");
}

function comparesGradients({ head, store }: Made, { targets, loss, groups }: LabelCase, batch: PackedBatch): void {
  const values = random(N * WIDTH, 1);
  store.requireGradients();
  const hidden = hiddenOf(values);
  const { gradients } = valueAndGradients(() => head.loss(hidden, batch, targets), [hidden]);
  const got = gradients[0]?.read() ?? new Float32Array(values.length);
  for (const { from, to, live } of groups)
    expect(
      got.subarray(from * WIDTH, to * WIDTH).some((x) => x !== 0),
      `rows ${from} to ${to}`,
    ).toBe(live);
  const measure = () => loss(outputsOf(head, values, batch));
  // Logits are f32: rounding leaves 1e-5 of a slope, and the third derivative as much.
  expectClose(got, slopesBy(values, measure), 2e-4, "gradient of a hidden state");
  for (const parameter of store.parameters) {
    const own = Float64Array.from(parameter.read());
    const wanted = slopesBy(own, () => {
      parameter.write(Float32Array.from(own));
      return measure();
    });
    parameter.write(Float32Array.from(own));
    expectClose(parameter.gradient().data, wanted, 2e-4, `gradient of ${parameter.name}`);
  }
}

function slopesBy(values: Float64Array, measure: () => number): Float64Array {
  const step = 2 ** -7;
  return Float64Array.from(values, (value, i) => {
    const at = (x: number) => {
      values[i] = x;
      return measure();
    };
    // Four points: what is left is of the fifth derivative.
    const slope =
      (8 * (at(value + step) - at(value - step)) - (at(value + 2 * step) - at(value - 2 * step))) / (12 * step);
    values[i] = value;
    return slope;
  });
}

/** The same without the first label. */
function shortened({ tokens, sequences, spans, ...others }: Targets): Targets {
  return {
    ...others,
    ...(tokens && { tokens: tokens.slice(1) }),
    ...(sequences && { sequences: sequences.slice(1) as number[] }),
    ...(spans && { spans: { starts: spans.starts.slice(1), ends: spans.ends } }),
  };
}

function staysApart(factory: HeadFactory, head: Head): void {
  const hidden = random(N * WIDTH, 1);
  const each = factory.choices ? CHOICES : 1;
  const units = Array.from({ length: LENGTHS.length / each }, (_, i) => LENGTHS.slice(i * each, (i + 1) * each));
  const together = head.forward(hiddenOf(hidden), batchOf(factory));
  let from = 0;
  for (const [number, lengths] of units.entries()) {
    const to = from + total(lengths);
    const alone = head.forward(hiddenOf(hidden.slice(from * WIDTH, to * WIDTH)), batchOf(factory, lengths));
    expect(Object.keys(alone)).toEqual(Object.keys(together));
    for (const [name, { tensor, rows }] of Object.entries(together)) {
      const width = tensor.size / (rows === "tokens" ? N : units.length);
      const [first, last] = rows === "tokens" ? [from, to] : [number, number + 1];
      expect([...alone[name]!.tensor.read()]).toEqual([...tensor.read().subarray(first * width, last * width)]);
    }
    from = to;
  }
}
