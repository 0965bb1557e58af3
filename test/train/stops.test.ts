import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { AbortError, RoFormer } from "../../ts/index.js";
import { Model } from "../../ts/models/model.js";
import { finetune, pretrain } from "../../ts/train/index.js";
import { ROOT, temporaryFolder } from "../process.js";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Enough tokens for two batches of an evaluation. */
const rows = Array.from({ length: 400 }, (_, i) => ({
  text: `${i % 2 ? "good" : "bad"} text ${i}, and more words than an evaluation takes at once`,
  label: i % 2,
}));
const small = { layers: 1, width: 8, heads: 2, batch: 8, steps: 6, seed: 1 } as const;
const text = {
  name: "a.txt",
  bytes: new TextEncoder().encode("an example of a text that repeats itself. ".repeat(400)),
};

const runs = {
  finetune: (options: object) =>
    finetune({
      train: rows,
      text: "text",
      label: "label",
      vocabSize: 80,
      valid: rows,
      test: rows,
      ...small,
      ...options,
    }),
  pretrain: (options: object) =>
    pretrain({ objective: "clm", data: [text], valid: [text], maxLength: 16, evalEvery: 3, ...small, ...options }),
};

const read = (folder: string, file: string) => readFileSync(join(folder, file), "utf8");
const steps = (folder: string) =>
  read(folder, "log.jsonl")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { step: number; valid?: object });

describe.each(["finetune", "pretrain"] as const)("%s that is stopped", (name) => {
  it.each([2, 6])("after step %i saves at once and evaluates nothing", async (last) => {
    const out = join(temporaryFolder(), "model");
    const controller = new AbortController();
    const evaluated = vi.spyOn(Model.prototype, "run");
    const onProgress = ({ step }: { step: number }) => {
      if (step === last) {
        controller.abort();
        evaluated.mockClear();
      }
    };
    const running = runs[name]({ out, signal: controller.signal, onProgress });
    await expect(running).rejects.toThrow(`stopped after step ${last}; the model is saved in ${out} as it stands`);
    await expect(running).rejects.toBeInstanceOf(AbortError);
    expect(evaluated).not.toHaveBeenCalled();
    const metrics = JSON.parse(read(out, "metrics.json"));
    expect(metrics).toMatchObject({ steps: last, stopped: true });
    expect(metrics.loss).toBeUndefined();
    expect(steps(out).at(-1)).toMatchObject({ step: last, lr: expect.any(Number) });
    (await RoFormer.load(out)).close();
  });

  it.each([1, 2])("within evaluation %i saves the model as it stands", async (which) => {
    const out = join(temporaryFolder(), "model");
    const before = engine().live();
    const controller = new AbortController();
    const { run } = Model.prototype;
    let [evaluation, last, calls] = [0, 0, 0];
    const onPlan = () =>
      vi.spyOn(Model.prototype, "run").mockImplementation(function (this: Model, ...args) {
        calls++;
        if (calls === 1) evaluation++;
        if (evaluation === which) controller.abort();
        return run.apply(this, args) as never;
      });
    const onProgress = ({ step }: { step: number }) => {
      [last, calls] = [step, 0];
    };
    const epochs = name === "finetune" ? { steps: 100 } : {}; // 50 an epoch
    const running = runs[name]({ out, signal: controller.signal, onPlan, onProgress, ...epochs });
    await expect(running).rejects.toThrow("; the model is saved in");
    await expect(running).rejects.toThrow(`stopped after step ${last}`);
    expect([evaluation, last]).toEqual([which, which * (name === "finetune" ? 50 : 3)]);
    expect(calls).toBe(1); // its first batch was the last
    expect(steps(out).filter(({ valid }) => valid)).toHaveLength(which - 1);
    expect(JSON.parse(read(out, "metrics.json")).loss).toBeUndefined();
    expect(engine().live()).toBe(before);
  });

  it("returns the model without scores where that is asked for", async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const result = await runs[name]({ signal: controller.signal, onProgress, whenAborted: "return" });
    expect(result.metrics).toMatchObject({ steps: 1, seconds: expect.any(Number) });
    expect(Object.keys(result.metrics)).not.toContain("loss");
    result.model.close();
  });
});

it.each([1, 2])("saves the model of a run whose evaluation %i fails, and says why", async (which) => {
  const out = join(temporaryFolder(), "model");
  const before = engine().live();
  const { run } = Model.prototype;
  let [evaluation, isNew] = [0, true];
  const onPlan = () =>
    vi.spyOn(Model.prototype, "run").mockImplementation(function (this: Model, ...args) {
      if (isNew) evaluation++;
      isNew = false;
      if (evaluation === which) throw new Error("mine");
      return run.apply(this, args) as never;
    });
  const onMessage = (line: string) => {
    isNew ||= line.startsWith("epoch 1: ");
  };
  await expect(runs.finetune({ out, onPlan, onMessage })).rejects.toThrow("mine");
  expect(JSON.parse(read(out, "metrics.json"))).toMatchObject({ steps: 6 });
  vi.restoreAllMocks();
  (await RoFormer.load(out)).close();
  expect(engine().live()).toBe(before);
});

it("keeps the finished model of a run that is stopped within the test", async () => {
  const out = join(temporaryFolder(), "model");
  const controller = new AbortController();
  const onMessage = (line: string) => {
    if (line.startsWith("epoch 1: ")) controller.abort();
  };
  const running = runs.finetune({ out, signal: controller.signal, onMessage });
  await expect(running).rejects.toThrow("stopped after step 6; the model is saved");
  expect(steps(out).at(-1)).toMatchObject({ step: 6, epoch: 1, valid: { n: 400 } });
  (await RoFormer.load(out)).close();
});

describe.skipIf(process.platform === "win32")("the command that gets Ctrl-C again and again", () => {
  /** Runs the command, sends SIGINTs once it has said `when`, and waits for its end. */
  function interrupted(words: string[], when: string, cwd: string) {
    const child = spawn(process.execPath, [join(ROOT, "dist/cli/index.js"), ...words], { cwd });
    let [said, stop] = ["", undefined as NodeJS.Timeout | undefined];
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      said += part;
      if (said.includes(when)) stop ??= setInterval(() => child.kill("SIGINT"), 1);
      // Node gives up its handlers while it exits: a signal then decides the exit code.
      if (said.includes("stopped after")) clearInterval(stop);
    });
    return new Promise<{ code: number | null; signal: string | null; said: string }>((resolve) =>
      child.on("close", (code, signal) => {
        clearInterval(stop);
        resolve({ code, signal, said });
      }),
    );
  }

  it("saves the model all the same, once a step was made", async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "rows.csv"),
      ["text,label", ...rows.map((row) => `"${row.text}",${row.label}`)].join("\n"),
    );
    const words = "finetune --train rows.csv --text text --label label --out model --epochs 1000 --layers 1 --width 64";
    const { code, said } = await interrupted(words.split(" "), "epoch 1: ", folder);
    expect(said).toMatch(/stopped after step \d+; the model is saved in model as it stands/);
    expect(code).toBe(130);
    const metrics = JSON.parse(read(join(folder, "model"), "metrics.json"));
    expect(metrics.steps).toBeGreaterThan(0);
    (await RoFormer.load(join(folder, "model"))).close();
  });

  it("ends at once where nothing is lost", async () => {
    const child = interrupted(["predict", "--model", "nowhere", "-"], "", temporaryFolder());
    expect((await child).code).not.toBe(0);
  });
});
