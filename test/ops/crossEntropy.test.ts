import { beforeAll, describe, expect, it } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { engine } from "../../ts/engine/engine.js";
import { memory, RoFormer } from "../../ts/index.js";
import { crossEntropy, linearCrossEntropy } from "../../ts/ops/crossEntropy.js";
import { linear } from "../../ts/ops/gemm.js";
import { Philox } from "../../ts/random/philox.js";
import { scope } from "../../ts/tensor/scope.js";
import { type Tensor, tensor } from "../../ts/tensor/tensor.js";
import { temporaryFolder } from "../process.js";
import * as formulas from "./formulas.js";

beforeAll(() => engine().set_poison(true));

const numbers = (length: number, seed: number): Float32Array => {
  const random = new Philox(seed, 91);
  return Float32Array.from({ length }, () => 2 * random.uniform() - 1);
};

/** x `[N, I]`, weight `[V, I]`, bias `[V]` and labels, one in seven ignored. */
function problem(N: number, V: number, I: number) {
  const labels = Int32Array.from({ length: N }, (_, n) => (n % 7 === 3 ? -100 : (n * 7919) % V));
  return { x: numbers(N * I, 1), weight: numbers(V * I, 2), bias: numbers(V, 3), labels };
}

type Loss = (x: Tensor, weight: Tensor, bias: Tensor) => Tensor;

/** The loss and its gradients, copied. */
function run(loss: Loss, [N, V, I]: [number, number, number], { x, weight, bias }: ReturnType<typeof problem>) {
  return scope(() => {
    const inputs = [tensor(x, [N, I]), tensor(weight, [V, I]), tensor(bias, [V])] as const;
    const { loss: value, gradients } = valueAndGradients(() => loss(...inputs), inputs);
    return { value, gradients: gradients.map((g) => g!.read()) };
  });
}

const worst = (a: Float32Array, b: ArrayLike<number>): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

describe("linearCrossEntropy", () => {
  it("equals its two parts, whether the logits fit into one block, into some that are kept, or into none that are", () => {
    for (const size of [
      [9, 100, 8],
      [40, 5000, 8],
      [1100, 8000, 8],
    ] as [number, number, number][]) {
      const given = problem(...size);
      const options = { labelSmoothing: 0.1 };
      const fused = run((x, w, b) => linearCrossEntropy(x, w, b, given.labels, options), size, given);
      const parts = run((x, w, b) => crossEntropy(linear(x, w, b), given.labels, options), size, given);
      expect(Math.abs(fused.value - parts.value)).toBeLessThan(1e-6 * parts.value);
      for (const [i, gradient] of fused.gradients.entries())
        expect(worst(gradient, parts.gradients[i]!)).toBeLessThan(1e-6);
    }
  });

  it("never holds the logits of a large vocabulary, forward or backward", () => {
    const size: [number, number, number] = [1100, 50_000, 64];
    const given = problem(...size);
    engine().reset_peak();
    const before = memory().used;
    const { value, gradients } = run((x, w, b) => linearCrossEntropy(x, w, b, given.labels), size, given);
    const [N, V, I] = size;
    const parameters = 4 * (N * I + V * I + V);
    expect(memory().peak - before).toBeLessThan(2 * parameters + 2 ** 24); // values, gradients and one block
    expect(memory().peak - before).toBeLessThan((4 * N * V) / 4);
    // Row 0 in f64: its part of the loss's gradient by x is Σ (p − one-hot) w / counted.
    const counted = given.labels.filter((label) => label !== -100).length;
    const x = Float64Array.from(given.x.subarray(0, I));
    const logits = formulas.linear(x, Float64Array.from(given.weight), Float64Array.from(given.bias), 1, V, I);
    const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    const dx = new Float64Array(I);
    for (const [v, z] of logits.entries()) {
      const slope = (Math.exp(z) / total - (v === given.labels[0] ? 1 : 0)) / counted;
      for (let i = 0; i < I; i++) dx[i]! += slope * given.weight[v * I + i]!;
    }
    expect(worst(gradients[0]!.subarray(0, I), dx)).toBeLessThan(1e-7);
    expect(value).toBeGreaterThan(Math.log(V) - 1);
  });

  it("gives a row the same loss and gradient alone as among others", () => {
    const [V, I] = [8000, 6];
    const all = problem(1100, V, I); // not kept: 1100 · 8000 logits are too many
    const last = { ...all, x: all.x.slice(-I), labels: all.labels.slice(-1) };
    const only = (labels: Int32Array) => labels.map((label, n) => (n === labels.length - 1 ? label : -100));
    const [together, alone] = [all, last].map((given) =>
      run((x, w, b) => linearCrossEntropy(x, w, b, only(given.labels)), [given.labels.length, V, I], given),
    );
    expect(together!.value).toBe(alone!.value);
    expect([...together!.gradients[0]!.slice(-I)]).toEqual([...alone!.gradients[0]!]);
    expect(together!.gradients[0]!.subarray(0, -I).every((x) => x === 0)).toBe(true);
  });

  it("is NaN where no label counts, as in PyTorch, and takes no rows", () => {
    for (const N of [0, 3]) {
      const labels = new Int32Array(N).fill(-100);
      const { value } = run((x, w, b) => linearCrossEntropy(x, w, b, labels), [N, 5, 2], problem(N, 5, 2));
      expect(value).toBeNaN();
    }
  });

  it("gives the bias of frozen weights its gradient, and nothing to what is frozen", () => {
    scope(() => {
      const { x, weight, bias, labels } = problem(6, 5, 3);
      const [X, W, B] = [tensor(x, [6, 3]), tensor(weight, [5, 3]), tensor(bias, [5])];
      const loss = () => linearCrossEntropy(X, W, B, labels);
      const [all] = valueAndGradients(loss, [B, X, W]).gradients;
      const { gradients } = valueAndGradients(loss, [B]);
      expect(gradients).toHaveLength(1);
      expect([...gradients[0]!.read()]).toEqual([...all!.read()]);
    });
  });

  it("decodes with weights that are packed, to the same bits, and with int8 ones, to nearly the same loss", async () => {
    const config = { vocab_size: 4104, hidden_size: 64, num_hidden_layers: 1, num_attention_heads: 1 };
    const untied = { ...config, intermediate_size: 64, initializer_range: 0.1, tie_word_embeddings: false };
    const fresh = RoFormer.create(untied, { head: "masked-lm", seed: 3 });
    const folder = temporaryFolder();
    await fresh.save(folder);
    const inputIds = [Array.from({ length: 40 }, (_, t) => 1 + ((t * 7919) % 4000))];
    const loss = (model: RoFormer) => model.forward({ inputIds, labels: inputIds }).loss!;
    const [packed, int8] = [await RoFormer.load(folder), await RoFormer.load(folder, { int8: true })];
    const want = fresh.valueAndGrad({ inputIds, labels: inputIds }).loss;
    expect([loss(fresh), loss(packed)]).toEqual([want, want]);
    expect(Math.abs(loss(int8) - want)).toBeLessThan(0.01 * want);
    expect(loss(int8)).not.toBe(want);
    // Training brings packed weights back into rows, and refuses int8 ones.
    expect(packed.valueAndGrad({ inputIds, labels: inputIds }).loss).toBe(want);
    expect(() => int8.valueAndGrad({ inputIds, labels: inputIds })).toThrow(/int8/);
    for (const model of [fresh, packed, int8]) model.close();
  });

  it("refuses what does not fit, and leaves nothing behind", () => {
    const before = engine().live();
    scope(() => {
      const [x, w, b] = [tensor([1, 2], [1, 2]), tensor([1, 2, 3, 4, 5, 6], [3, 2]), tensor([0, 0, 0])];
      const zero = Int32Array.of(0);
      expect(() => linearCrossEntropy(x, b, undefined, zero)).toThrow(/linearCrossEntropy: weight is \[3\]/);
      expect(() => linearCrossEntropy(x, w, x, zero)).toThrow(/bias is \[1, 2\], not \[V\] = \[3\]/);
      expect(() => linearCrossEntropy(x, w, b, Int32Array.of(0, 1))).toThrow(/labels is 2, not N = 1 numbers/);
      expect(() => linearCrossEntropy(x, w, b, Int32Array.of(3))).toThrow(/label of row 0 is 3/);
      expect(() => linearCrossEntropy(x, w, b, zero, { labelSmoothing: 1.5 })).toThrow(/labelSmoothing is 1.5/);
      expect(() => crossEntropy(w, zero, { labelSmoothing: Number.NaN })).toThrow(/labels is 1/);
    });
    expect(engine().live()).toBe(before);
  });
});
