import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { AdamW, type HeadName, type ModelInputs, RoFormer, type TensorData } from "../../ts/index.js";
import { heads } from "../../ts/nn/heads/index.js";
import { golden } from "../golden.js";

/**
 * Models, training steps and expected values by Hugging Face's `transformers` in f64, made by `test/golden/make_models.py`.
 * Tolerances are those of f32: PyTorch's own f32 run differs by up to 1e-6 (values) and 1e-5 (gradients).
 */
const VALUE = 2e-5; // of max(1, the largest magnitude)
const GRADIENT = 1e-4; // of the tensor's largest magnitude, taken as at least 1 % of the model's largest gradient
const TRAINING = 1e-4; // relative

interface Expected {
  readonly shape: number[];
  readonly data?: number[];
  /** A sample of a large tensor: flat indices, and values there. */
  readonly indices?: number[];
  readonly values?: number[];
}

interface Case {
  readonly head: HeadName;
  readonly inputs: ModelInputs;
  readonly realTokens?: number[][] | number[][][];
  readonly expected: Values;
  /** What differs where padding has a say in Hugging Face's result: here it has none. */
  readonly expectedRealTokens?: Partial<Values>;
}

interface Values {
  readonly loss?: number;
  readonly logits?: Expected;
  readonly startLogits?: Expected;
  readonly endLogits?: Expected;
  readonly hiddenStates: Expected[];
  readonly gradients?: Record<string, Expected>;
  readonly gradientSamples?: Record<string, Expected>;
}

const folder = (path: string) => fileURLToPath(new URL(`../golden/${path}`, import.meta.url));
const largest = (values: readonly number[]) => values.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
const valuesOf = ({ data, values }: Expected): number[] => (data ?? values)!;

/** Holds `got` against what is expected, at real tokens only if `real` is given. */
function compare(
  what: string,
  got: TensorData | undefined,
  expected: Expected,
  unit: number,
  real?: readonly number[],
): void {
  const indices = expected.indices ?? Array.from({ length: valuesOf(expected).length }, (_, i) => i);
  const width = valuesOf(expected).length / (real?.length ?? 1);
  for (const [n, i] of indices.entries()) {
    if (real && !expected.indices && !real[Math.floor(i / width)]) continue;
    const [is, want] = [got!.data[i]!, valuesOf(expected)[n]!];
    if (!(Math.abs(is - want) <= unit)) throw new Error(`${what}[${i}] is ${is}, not ${want} (± ${unit})`);
  }
  expect(
    got!.shape.reduce((a, b) => a * b, 1),
    `size of ${what}`,
  ).toBe(expected.shape.reduce((a, b) => a * b, 1));
}

const valueUnit = (expected: Expected) => VALUE * Math.max(1, largest(valuesOf(expected)));

beforeAll(() => engine().set_poison(true));

describe("models by Hugging Face", () => {
  const all = ["models", "linear/models"].flatMap((place) =>
    readdirSync(folder(place)).map((name) => `${place}/${name}`),
  );
  for (const name of all) {
    it(`${name}: outputs, loss and every gradient`, async () => {
      const one = golden<Case>(`${name}/case.json`);
      const model = await RoFormer.load(folder(name), { head: one.head });
      const real = one.realTokens?.flat(2) as number[] | undefined;
      const expected: Values = { ...one.expected, ...one.expectedRealTokens };
      const out = model.forward(one.inputs, { outputHiddenStates: true });
      for (const [i, states] of expected.hiddenStates.entries()) {
        compare(`hiddenStates[${i}]`, out.hiddenStates![i], states, valueUnit(states), real);
      }
      const { loss } = expected;
      const perToken = heads[one.head].labels === "tokens" || heads[one.head].labels === "spans";
      for (const which of ["logits", "startLogits", "endLogits"] as const) {
        const want = expected[which];
        if (want) compare(which, out[which], want, valueUnit(want), perToken ? real : undefined);
      }
      if (loss !== undefined) {
        expect(Math.abs(out.loss! - loss)).toBeLessThan(VALUE * Math.max(1, loss));
        checkGradients(model, one.inputs, expected);
      }
      model.close();
    });
  }
});

function checkGradients(model: RoFormer, inputs: ModelInputs, expected: Values): void {
  const { loss, gradients } = model.valueAndGrad(inputs);
  expect(Math.abs(loss - expected.loss!)).toBeLessThan(VALUE * Math.max(1, expected.loss!));
  const wanted = expected.gradients ?? expected.gradientSamples!;
  expect([...gradients.keys()].sort()).toEqual(Object.keys(wanted).sort());
  const floor = 0.01 * Math.max(...Object.values(wanted).map((one) => largest(valuesOf(one))));
  for (const [name, one] of Object.entries(wanted)) {
    compare(name, gradients.get(name), one, GRADIENT * Math.max(floor, largest(valuesOf(one))));
  }
}

interface Training {
  readonly head: HeadName;
  readonly optimizer: ConstructorParameters<typeof AdamW>[1];
  readonly steps: {
    readonly lr: number;
    readonly loss: number;
    readonly gradNorm: number;
    readonly inputs: ModelInputs;
  }[];
  readonly final: Record<string, Expected>;
}

describe("twenty AdamW steps by PyTorch", () => {
  for (const name of readdirSync(folder("training"))) {
    it(`${name}: losses, gradient norms and the parameters in the end`, async () => {
      const run = golden<Training>(`training/${name}/training.json`);
      const model = await RoFormer.load(folder(`training/${name}`), { head: run.head });
      const optimizer = new AdamW(model, run.optimizer);
      for (const [i, step] of run.steps.entries()) {
        const { loss } = model.valueAndGrad(step.inputs, { train: true });
        const { gradNorm } = optimizer.step({ lr: step.lr });
        expect(Math.abs(loss / step.loss - 1), `loss of step ${i + 1}`).toBeLessThan(TRAINING);
        expect(Math.abs(gradNorm / step.gradNorm - 1), `gradient norm of step ${i + 1}`).toBeLessThan(TRAINING);
      }
      const parameters = new Map(model.parameters().map((one) => [one.name, one]));
      for (const [parameter, want] of Object.entries(run.final)) {
        const one = parameters.get(parameter)!;
        compare(parameter, { data: one.read(), shape: one.shape }, want, 1e-4 * largest(valuesOf(want)));
      }
      optimizer.free();
      model.close();
    });
  }
});
