import { expect, it } from "vitest";
import { AdamW, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";

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

  /** Of all gradients, the share that is denormal. */
  denormal(): number {
    const { gradients } = this.model.valueAndGrad(inputs);
    const all = [...gradients.values()].flatMap(({ data }) => [...data].map(Math.abs));
    this.model.store.zeroGradients();
    return all.filter((x) => x > 0 && x < LEAST_NORMAL).length / all.length;
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

// The clock is others' too; with every try the machine may be quieter.
it("denormal numbers do not double the time of a training step", { retry: 4 }, () => {
  const ordinary = new Training({});
  const gradients = new Training({}, 84); // e^−84 is 3 · 10⁻³⁷, of which the gradients are a part
  const weights = new Training({ initializer_range: 1e-40 });
  const products = new Training({ initializer_range: 1e-20 });
  expect(gradients.denormal()).toBeGreaterThan(0.5);
  expect(ordinary.denormal()).toBeLessThan(0.01);
  for (const one of [gradients, weights, products]) {
    expect(ratio(one, ordinary)).toBeLessThan(2);
    one.close();
  }
  ordinary.close();
});
