import { describe, expect, it } from "vitest";
import { labelSet } from "../../ts/data/labels.js";
import { ConfigError } from "../../ts/index.js";
import { finetune } from "../../ts/train/index.js";
import { weightedCrossEntropy, weightsOf } from "../../ts/train/tasks/weightedLoss.js";
import { golden } from "../golden.js";

interface Case {
  readonly logits: number[];
  readonly labels: number[];
  readonly weights: number[] | null;
  readonly smoothing: number;
  readonly value: number;
  readonly gradient: number[];
}

const { cases } = golden<{ cases: Case[] }>("weightedLoss/weightedLoss.json");

describe("cross-entropy with class weights and label smoothing", () => {
  it.each(cases)("is PyTorch's, with its gradient: $weights, $smoothing", (one) => {
    const weights = one.weights ? Float64Array.from(one.weights) : undefined;
    const found = weightedCrossEntropy(Float32Array.from(one.logits), one.labels, {
      weights,
      smoothing: one.smoothing,
    });
    expect(found.value).toBeCloseTo(one.value, 10);
    for (const [i, want] of one.gradient.entries()) expect(found.gradient[i]).toBeCloseTo(want, 10);
  });

  it("balances classes as scikit-learn does", () => {
    const labels = labelSet(["a", "b", "c"]);
    const ids = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2];
    expect([...weightsOf({ classWeights: "balanced" }, labels, ids)!]).toEqual([10 / 18, 10 / 9, 10 / 3]);
    expect([...weightsOf({ classWeights: { b: 2 } }, labels, ids)!]).toEqual([1, 2, 1]);
    expect(weightsOf({}, labels, ids)).toBeUndefined();
  });

  it.each([
    [{ d: 1 }, 'classWeights: unknown label "d"; known are a, b, c'],
    [{ a: -1 }, 'classWeights: "a" is -1, not a number of at least 0'],
  ])("refuses %j", (classWeights, message) => {
    const weigh = () => weightsOf({ classWeights }, labelSet(["a", "b", "c"]), [0, 1, 2]);
    expect(weigh).toThrow(ConfigError);
    expect(weigh).toThrow(message);
  });

  it("makes a model tell a rare class that it otherwise does not", async () => {
    const train = Array.from({ length: 60 }, (_, i) => ({
      text: i % 12 === 0 ? `odd ${i % 3} thing` : `${i % 4 === 0 ? "odd" : "even"} ${i % 5} thing`,
      label: i % 12 === 0 ? "rare" : "usual",
    }));
    const options = {
      train,
      valid: train,
      text: "text",
      label: "label",
      layers: 1,
      width: 16,
      heads: 2,
      vocabSize: 60,
    };
    const settings = { steps: 30, batch: 20, dropout: 0, maskRate: 0, lr: 3e-3, seed: 2 };
    const recall = async (change: object) => {
      const { model, evaluation } = await finetune({ ...options, ...settings, ...change });
      model.close();
      const [rare] = evaluation.confusionMatrix;
      return rare![0]! / (rare![0]! + rare![1]!);
    };
    expect(await recall({ classWeights: { rare: 30 } })).toBeGreaterThan(await recall({}));
  });
});
