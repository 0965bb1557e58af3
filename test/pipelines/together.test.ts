import { describe, expect, it, vi } from "vitest";
import { answer } from "../../ts/pipelines/answer.js";
import { classify } from "../../ts/pipelines/classify.js";
import { fillMask } from "../../ts/pipelines/fillMask.js";
import type { ReadyModel } from "../../ts/pipelines/pipeline.js";
import { type Request, run, runTogether } from "../../ts/pipelines/run.js";
import { tagTokens } from "../../ts/pipelines/tagTokens.js";
import { smallModel } from "./models.js";

type Requests = Request<object | number, object>[];
const mixed = [["a"], ["the cat sat on the mat", "a", "dogs ran"], ["the mat", "the cat and the dog"]];

/** The texts of three callers, as jobs of one model. */
const jobs = {
  "sequence-classification": (model: ReadyModel, texts: readonly string[]) => classify.prepare(model, texts),
  "token-classification": (model: ReadyModel, texts: readonly string[]) => tagTokens.prepare(model, texts),
  "masked-lm": (model: ReadyModel, texts: readonly string[]) =>
    fillMask.prepare(
      model,
      texts.map((text) => `${text} [MASK]`),
    ),
  "question-answering": (model: ReadyModel, texts: readonly string[]) =>
    answer.prepare(
      model,
      texts.map((context) => ({ question: "the dog", context })),
    ),
};

describe("jobs of several callers in common batches", () => {
  it.each(Object.keys(jobs) as (keyof typeof jobs)[])("have the bits that they have alone: %s", async (head) => {
    const model = (await smallModel(head)) as ReadyModel;
    const requests = (): Requests =>
      mixed.map((texts) => ({ what: "it", job: jobs[head](model, texts), options: {} }) as Requests[number]);
    const alone = await Promise.all(requests().map((request) => run(model, request)));
    const batches = vi.spyOn(model, "run");
    const together = await runTogether(model, requests());
    expect(batches).toHaveBeenCalledTimes(1);
    expect(together).toEqual(alone.map((value) => ({ status: "fulfilled", value })));
    expect(alone.map(({ length }) => length)).toEqual([1, 3, 2]);
    // One token at once: each sequence is a batch.
    const cut = requests().map((request, i) => ({ ...request, options: i === 1 ? { batchTokens: 1 } : {} }));
    expect(await runTogether(model, cut)).toEqual(together);
    expect(batches).toHaveBeenCalledTimes(7);
    model.close();
  });

  it("end each for its own reason", async () => {
    const model = (await smallModel("sequence-classification")) as ReadyModel;
    const own = () => classify.prepare(model, ["the cat", "a"]);
    const broken = {
      ...own(),
      read: () => {
        throw new RangeError("its own fault");
      },
    };
    const steps: unknown[] = [];
    const outcomes = await runTogether(model, [
      { what: "first", job: own(), options: { onProgress: (step) => steps.push(step) } },
      { what: "second", job: broken, options: {} },
      { what: "third", job: own(), options: { signal: AbortSignal.abort("enough") } },
      { what: "fourth", job: own(), options: { batchTokens: 0 } },
      {
        what: "fifth",
        job: own(),
        options: {
          onProgress: () => {
            throw new RangeError("a listener's");
          },
        },
      },
    ]);
    const [first, ...others] = outcomes;
    expect(first).toEqual({ status: "fulfilled", value: await run(model, { what: "it", job: own(), options: {} }) });
    expect(steps).toEqual([{ done: 2, total: 2 }]);
    expect(others.map((one) => (one as PromiseRejectedResult).reason)).toMatchObject([
      { message: "its own fault" },
      { name: "AbortError", message: "third was aborted", cause: "enough" },
      { name: "ConfigError", message: "fourth: batchTokens is 0, not 1 or more" },
      { message: "a listener's" },
    ]);
    model.close();
  });

  it("share what breaks a batch, and no other one", async () => {
    const model = (await smallModel("sequence-classification")) as ReadyModel;
    const long = classify.prepare(model, ["the cat sat on the mat"]);
    const words = classify.prepare(model, ["a"]);
    const compute = model.run.bind(model);
    model.run = (packed, ...rest) => {
      if (packed.tokens.length > 5) throw new RangeError("no memory");
      return compute(packed, ...rest);
    };
    const options = { batchTokens: 1 };
    const outcomes = await runTogether(model, [
      { what: "long", job: long, options },
      { what: "short", job: words, options },
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    model.close();
  });
});
