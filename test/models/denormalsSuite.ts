import { beforeAll, expect, it } from "vitest";
import { AdamW, engineStatus, init, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";

/** Numbers below this, and above 0, are denormal: some processors take a hundred cycles for each. */
const LEAST_NORMAL = 2 ** -126;

const config: RoFormerConfigInput = {
  vocab_size: 200,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 256,
  num_labels: 2,
  initializer_range: 0.2,
};
const inputIds = [0, 1, 2, 3].map((b) => Array.from({ length: 64 }, (_, t) => 1 + ((b * 37 + t * 11) % 199)));
const inputs = { inputIds, labels: [0, 0, 0, 0] };

/** A model that trains on the same batch at the rate 0; `sure` is how much it prefers the right class. */
class Training {
  readonly model: RoFormer;
  private readonly optimizer: AdamW;

  constructor(change: RoFormerConfigInput, sure = 0) {
    this.model = RoFormer.create({ ...config, ...change }, { head: "sequence-classification", seed: 1 });
    this.model
      .parameters()
      .find(({ name }) => name === "classifier.out_proj.bias")!
      .write([sure, 0]);
    this.optimizer = new AdamW(this.model, { lr: 0 });
  }

  step(): void {
    this.model.valueAndGrad(inputs, { train: true, seed: 1, step: 1 });
    this.optimizer.step();
  }

  /** The largest gradient of the classifier's bias, of which all others are made. */
  first(): number {
    const { gradients } = this.model.valueAndGrad(inputs);
    const { data } = gradients.get("classifier.out_proj.bias")!;
    this.model.store.zeroGradients();
    return Math.max(...data.map(Math.abs));
  }

  close(): void {
    this.optimizer.free();
    this.model.close();
  }
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

/** How many times as long a step of `one` takes as one of `other`: medians of runs that take turns. */
function ratio(one: Training, other: Training): number {
  const time = (training: Training) => {
    const start = performance.now();
    training.step();
    return performance.now() - start;
  };
  const [ones, others]: [number[], number[]] = [[], []];
  for (let i = 0; i < 15; i++) {
    ones.push(time(one));
    others.push(time(other));
  }
  return median(ones) / median(others);
}

/**
 * Steps with denormal numbers against an ordinary one. Without fused products (simd), a product of two tiny normal numbers is
 * denormal by itself, whatever it is added to: those steps are slow on Intel's processors, and nothing here can help it.
 */
export function denormalsSuite(variant: "simd" | "relaxed"): void {
  beforeAll(() => init({ v8Flags: true, variant, threads: 1 }));

  // The clock is others' too; with every try the machine may be quieter.
  it(`denormal numbers do not double the time of a training step: ${variant}`, { retry: 4 }, () => {
    expect(engineStatus()).toMatchObject({ variant });
    const ordinary = new Training({});
    const gradients = new Training({}, 84); // e^−84 is 3 · 10⁻³⁷, of which the gradients are a part
    const weights = new Training({ initializer_range: 1e-40 });
    const products = variant === "relaxed" ? [new Training({ initializer_range: 1e-20 })] : [];
    expect(gradients.first()).toBeGreaterThan(LEAST_NORMAL);
    expect(gradients.first()).toBeLessThan(100 * LEAST_NORMAL);
    for (const one of [gradients, weights, ...products]) {
      expect(ratio(one, ordinary)).toBeLessThan(2);
      one.close();
    }
    ordinary.close();
  });
}
