import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { AdamW, type HeadName, type ModelInputs, RoFormer, type TensorData } from "../../ts/index.js";
import type * as registry from "../../ts/models/families/index.js";
import { golden } from "../golden.js";
import { temporaryFolder } from "../process.js";

// The whole of what a new family needs: a file, and a line in the list of families.
vi.mock("../../ts/models/families/index.js", async (original) => {
  const { families, ...rest } = await original<typeof registry>();
  const { modernbert } = await import("./modernBert.js");
  return { ...rest, families: { ...families, modernbert } };
});

interface Case {
  readonly head: HeadName;
  readonly inputs: ModelInputs;
  readonly expected: {
    readonly loss?: number;
    readonly logits?: Expected;
    readonly hiddenStates: Expected[];
    readonly gradients?: Record<string, Expected>;
  };
}
type Expected = { readonly shape: number[]; readonly data: number[] };

const folder = (head: string) => fileURLToPath(new URL(`../golden/modernbert/${head}`, import.meta.url));
const HEADS = ["base", "masked-lm", "sequence-classification", "token-classification"] as const;
const largest = (values: ArrayLike<number>) => Array.from(values).reduce((top, x) => Math.max(top, Math.abs(x)), 0);

/** Holds `got` against `expected`, at real tokens alone where there is a row for each. */
function compare(what: string, got: TensorData, expected: Expected, unit: number, mask?: readonly number[]): void {
  expect(got.shape, what).toEqual(expected.shape);
  const width = expected.data.length / (mask?.length ?? 1);
  for (const [i, want] of expected.data.entries()) {
    if (mask && !mask[Math.floor(i / width)]) continue;
    if (!(Math.abs(got.data[i]! - want) <= unit)) expect(got.data[i], `${what}[${i}]`).toBe(want);
  }
}

beforeAll(() => engine().set_poison(true));

describe("a family that is a file and a line, ModernBERT", () => {
  it.each(HEADS)("gives the outputs, the loss and the gradients of transformers, with the head %s", async (head) => {
    const { inputs, expected } = golden<Case>(`modernbert/${head}/case.json`);
    const model = await RoFormer.load(folder(head));
    expect(model.config.model_type).toBe("modernbert");
    expect([model.head, model.missing, model.unexpected]).toEqual([head, [], []]);
    const out = model.forward(inputs, { outputHiddenStates: true });
    const mask = (inputs.attentionMask as number[][]).flat();
    // f32 against f64, of states up to 10 in size.
    for (const [i, want] of expected.hiddenStates.entries())
      compare(`states ${i}`, out.hiddenStates![i]!, want, 2e-6 * Math.max(1, largest(want.data)), mask);
    expect([...out.lastHiddenState.data]).toEqual([...out.hiddenStates!.at(-1)!.data]);
    if (expected.logits) {
      const { logits } = out as { logits?: TensorData };
      const rows = head === "sequence-classification" ? undefined : mask;
      compare("logits", logits!, expected.logits, 2e-6 * Math.max(1, largest(expected.logits.data)), rows);
      const { loss, gradients } = model.valueAndGrad(inputs as never);
      expect(Math.abs(loss - expected.loss!)).toBeLessThan(2e-6 * Math.max(1, expected.loss!));
      expect([...gradients.keys()].sort()).toEqual(Object.keys(expected.gradients!).sort());
      const top = Math.max(...Object.values(expected.gradients!).map(({ data }) => largest(data)));
      for (const [name, want] of Object.entries(expected.gradients!)) {
        const { data, shape } = gradients.get(name)!;
        compare(name, { data, shape }, want, 1e-4 * Math.max(largest(want.data), 0.01 * top));
      }
    }
    model.close();
  });

  it("gives the same bits with recompute, and a text the same bits in any batch", async () => {
    const model = await RoFormer.load(folder("masked-lm"));
    const { inputs } = golden<Case>("modernbert/masked-lm/case.json");
    const run = (recompute: boolean) => {
      const { loss, gradients } = model.valueAndGrad(inputs as never, { recompute });
      const all = [...gradients].map(([name, { data }]) => [name, [...data]]);
      model.store.zeroGradients();
      return [loss, all];
    };
    expect(run(true)).toEqual(run(false));
    const of = (b: number) =>
      ({ inputIds: [inputs.inputIds[b]], attentionMask: [inputs.attentionMask![b]] }) as ModelInputs;
    const together = model.forward(inputs).lastHiddenState.data;
    for (const b of [0, 1, 2])
      expect([...model.forward(of(b)).lastHiddenState.data]).toEqual([...together.slice(b * 312, (b + 1) * 312)]);
    model.close();
  });

  it("is saved under its own names, and read again", async () => {
    const path = temporaryFolder();
    const model = await RoFormer.load(folder("token-classification"));
    await model.save(path);
    const copy = await RoFormer.load(path);
    expect(copy.config).toMatchObject({ model_type: "modernbert", local_attention: 6, norm_eps: 1e-5 });
    expect(copy.config.architectures).toEqual(["ModernBertForTokenClassification"]);
    const values = (of: RoFormer) => of.parameters().map((one) => [one.name, [...one.read()]]);
    expect(values(copy)).toEqual(values(model));
    const { inputs } = golden<Case>("modernbert/token-classification/case.json");
    expect([...copy.forward(inputs).lastHiddenState.data]).toEqual([...model.forward(inputs).lastHiddenState.data]);
    for (const one of [model, copy]) one.close();
  });

  it("computes with int8 weights, of which some are parts of one tensor", async () => {
    const { inputs } = golden<Case>("modernbert/base/case.json");
    const [plain, small] = [await RoFormer.load(folder("base")), await RoFormer.load(folder("base"), { int8: true })];
    const [want, got] = [plain, small].map((model) => model.forward(inputs).lastHiddenState.data);
    const error = Math.sqrt(want!.reduce((sum, x, i) => sum + (x - got![i]!) ** 2, 0) / want!.length);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.1 * largest(want!));
    for (const one of [plain, small]) one.close();
  });

  it("is created and trained", () => {
    const { inputs } = golden<Case>("modernbert/masked-lm/case.json");
    const rope = { rope_type: "default", rope_theta: 10_000 };
    const model = RoFormer.create(
      {
        model_type: "modernbert" as never,
        ...{ vocab_size: 40, hidden_size: 24, num_hidden_layers: 2, num_attention_heads: 3, intermediate_size: 20 },
        layer_types: ["full_attention", "sliding_attention"],
        rope_parameters: { full_attention: rope, sliding_attention: rope },
      },
      { head: "masked-lm" },
    );
    const optimizer = new AdamW(model, { lr: 0.01 });
    const losses = Array.from({ length: 30 }, () => {
      const { loss } = model.valueAndGrad(inputs as never, { train: true });
      optimizer.step();
      return loss;
    });
    expect(losses[29]).toBeLessThan(0.5 * losses[0]!);
    optimizer.free();
    // Gradients of 0 leave all alone but what decays: the matrices.
    const before = new Map(model.parameters().map((one) => [one.name, one.read()]));
    const decaying = new AdamW(model, { lr: 1e-3, weightDecay: 100 });
    decaying.step();
    const still = model.parameters().filter((one) => one.read().every((x, i) => x === before.get(one.name)![i]));
    expect(still.every(({ shape }) => shape.length === 1)).toBe(true);
    expect(still.length).toBe(model.parameters().filter(({ shape }) => shape.length === 1).length);
    decaying.free();
    model.close();
  });

  it("has its own fields, and says which one is wrong", () => {
    const rope = { full_attention: {}, sliding_attention: {} };
    const create = (fields: object) => () =>
      RoFormer.create({ model_type: "modernbert" as never, layer_types: [], rope_parameters: rope, ...fields });
    expect(create({ local_attention: 1 })).toThrow(/local_attention is 1, not a whole number from 2/);
    expect(create({ local_atention: 8 })).toThrow(
      /local_atention is not a field of a model: did you mean local_attention/,
    );
    expect(() => RoFormer.create({ local_atention: 8, vocab_size: 9, num_hidden_layers: 0 }).close()).not.toThrow();
  });
});
