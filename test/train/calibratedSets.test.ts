import { describe, expect, it } from "vitest";
import { finetune } from "../../ts/train/index.js";
import { golden } from "../golden.js";

type Rows = readonly { readonly text: string; readonly label: string }[];
const sets =
  golden<Record<string, { readonly train: Rows; readonly valid: Rows; readonly test: Rows }>>("calibration/sets.json");

describe("a classifier of real texts", () => {
  it.each(Object.entries(sets))(
    "has a lower log loss on rows that it has not seen, and the same labels: %s",
    async (_, parts) => {
      const { model, metrics } = await finetune({
        ...{ ...parts, text: "text", label: "label", bagOfWords: false },
        ...{ layers: 1, width: 64, heads: 2, vocabSize: 1000, epochs: 10, lr: 2e-3 },
      });
      const texts = parts.test.map(({ text }) => text);
      const labels = async () => (await model.classify(texts)).map(({ label }) => label);
      const calibrated = await labels();
      for (const one of model.parameters())
        if (one.name.startsWith("classifier.out_proj")) one.write(one.read().map((x) => x * metrics.temperature!));
      expect(await labels()).toEqual(calibrated);
      model.close();
      // The texts can be learned, and models of few rows are too sure.
      expect(metrics.accuracy).toBeGreaterThan(1.2 / new Set(parts.train.map(({ label }) => label)).size);
      expect(metrics).toMatchObject({ part: "test", n: 200 });
      expect(metrics.temperature).toBeGreaterThan(1);
      expect(metrics.loss).toBeLessThan(metrics.lossBefore!);
      expect(metrics.expectedCalibrationError).toBeLessThan(metrics.expectedCalibrationErrorBefore!);
    },
    240_000,
  );
});
