import { describe, expect, it } from "vitest";
import { type FinetuneOptions, finetune } from "../../ts/train/index.js";
import { skewLines, skewOf } from "../../ts/train/tasks/skew.js";

const ids = (...counts: number[]) => counts.flatMap((count, id) => new Array<number>(count).fill(id));

describe("skewed classes", () => {
  it.each<[string, number[], number | undefined]>([
    ["5 % of two", [95, 5], 0],
    ["15 % of two, the second more frequent", [15, 85], 1],
    ["three quarters of two", [75, 25], 0],
    ["just below", [74, 26], undefined],
    ["even ones", [50, 50], undefined],
    ["MRPC's 68 %", [33, 67], undefined],
    ["half of three", [25, 50, 25], 1],
    ["stars", [20, 10, 15, 27, 28], undefined],
    ["stars, mostly five", [5, 5, 10, 20, 60], 4],
    ["a class without rows", [99, 1, 0], 0],
  ])("%s", (_, counts, most) => {
    expect(skewOf(ids(...counts), counts.length)?.most).toBe(most);
  });

  it("are named with the share, and the class that F1 is of where that is the frequent one", () => {
    const skew = (counts: number[]) => skewOf(ids(...counts), counts.length)!;
    expect(skewLines(skew([950, 50]), ["neg", "pos"], false)).toEqual([
      '95 % of the rows have the label "neg": the best epoch is chosen by Matthews\' correlation, not by accuracy (metric, --metric)',
    ]);
    expect(skewLines(skew([3, 997]), ["fraud", "ok"], false)[1]).toBe(
      'F1, precision and recall are those of "ok"; for those of "fraud", name it second (labelNames, --label-names ok,fraud)',
    );
    expect(skewLines(skew([3, 997]), ["fraud", "ok"], true)).toEqual([
      expect.stringContaining('99.7 % of the rows have the label "ok"'),
    ]);
  });
});

describe("finetune", () => {
  const rows = (share: number) =>
    Array.from({ length: 120 }, (_, i) => {
      const isSpam = i % 100 < 100 * share;
      return { text: `${isSpam ? "prize" : "letter"} ${i % 7} ${i % 5}`, label: isSpam ? "spam" : "ham" };
    });
  const small = { layers: 1, width: 8, heads: 2, vocabSize: 60, batch: 16, lr: 3e-3, bagOfWords: false };
  const run = async (share: number, options: object = {}) => {
    const messages: string[] = [];
    const onMessage = (line: string) => void messages.push(line);
    const train = rows(share);
    const epochs: { matthews: number; loss: number }[] = [];
    const onEvaluation = ({ metrics }: { metrics: object }) => void epochs.push(metrics as never);
    const result = await finetune({
      ...{
        train,
        valid: train,
        text: "text",
        label: "label",
        epochs: 6,
        calibrate: false, // which changes the loss of the model that was chosen
        ...small,
        onMessage,
        onEvaluation,
        ...options,
      },
    } as FinetuneOptions);
    result.model.close();
    return { ...result, messages, epochs };
  };

  it("chooses the epoch of skewed classes by Matthews' correlation, and the first of equal ones by the loss", async () => {
    const { metrics, messages, epochs } = await run(0.1);
    expect(metrics.settings.metric).toBe("matthews");
    const best = epochs.reduce((a, b) =>
      b.matthews > a.matthews || (b.matthews === a.matthews && b.loss < a.loss) ? b : a,
    );
    expect(metrics).toMatchObject({ matthews: best.matthews, loss: best.loss });
    expect(messages.filter((line) => line.includes("not by accuracy"))).toHaveLength(1);
    expect(
      messages.filter((line) => /^epoch \d: validation accuracy .* %, Matthews -?\d\.\d{4}, loss/.test(line)),
    ).toHaveLength(6);
  });

  it("chooses by accuracy where classes are about even, and by what is named", async () => {
    const even = await run(0.5);
    expect(even.metrics.settings.metric).toBe("accuracy");
    const named = await run(0.1, { metric: "f1" });
    expect(named.metrics.settings.metric).toBe("f1");
    for (const { messages } of [even, named]) expect(messages.join("\n")).not.toContain("not by accuracy");
  });

  it("does not take a skewed classifier's accuracy for its quality", async () => {
    const { notes, metrics } = await run(0.1, { epochs: 30 });
    expect(metrics.matthews).toBeGreaterThan(0.9);
    expect(notes.join("\n")).not.toContain("has not learned");
  });
});
