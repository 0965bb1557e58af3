import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ConfigError, DataError, EngineError, RoFormer } from "../../ts/index.js";
import { Model } from "../../ts/models/model.js";
import { platform } from "../../ts/platform/index.js";
import { distill, finetune, pretrain } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";
import { SHORT, sentences, teacherFiles, textFile } from "./distill/teachers.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const rows = Array.from({ length: 48 }, (_, i) => ({
  text: `${i % 2 ? "good" : "bad"} text ${i} of ${i % 5} words`,
  label: i % 3 === 0 ? "no" : "yes",
}));
const text = "an example of a text that repeats itself, but not quite: number ";
const corpus = {
  name: "a.txt",
  bytes: new TextEncoder().encode(Array.from({ length: 200 }, (_, i) => `${text}${i}.\n`).join("")),
};

type Options = Record<string, unknown>;
const labeled = { train: rows, text: "text", label: "label", batch: 8 }; // 6 steps an epoch
const small = { vocabSize: 80, layers: 1, width: 16, heads: 2 };
const classify = (options: Options) => finetune({ ...labeled, ...small, epochs: 3, ...options });
const further = (init: string, options: Options) => finetune({ ...labeled, init, epochs: 3, ...options });
const language = (objective: "clm" | "mlm") => (options: Options) =>
  pretrain({
    objective,
    data: [corpus],
    maxLength: 16,
    layers: 1,
    width: 16,
    heads: 2,
    batch: 4,
    steps: 12,
    ...options,
  });

/** A classifier to begin with. */
async function base(): Promise<string> {
  const folder = join(temporaryFolder(), "base");
  const { model } = await classify({ epochs: 1 });
  await model.save(folder);
  model.close();
  return folder;
}

const kinds: Record<string, () => Promise<(options: Options) => Promise<{ readonly model: RoFormer }>>> = {
  "a classifier with an average and early stopping": async () => (options) =>
    classify({ ema: 0.8, patience: 2, evalEvery: 4, epochs: 6, ...options }),
  "a classifier scored on test rows, with micro-batches": async () => (options) =>
    classify({ test: rows.slice(0, 20), gradientAccumulationSteps: 2, batch: 4, metric: "loss", ...options }),
  "a Performer that draws features again": async () => (options) =>
    classify({ attention: "performer", numRandomFeatures: 8, featureRedrawInterval: 4, ...options }),
  "a classifier that is calibrated": async () => async (options) => {
    const isGood = rows.map((row, i) => ({ ...row, label: i % 2 ? "yes" : "no" }));
    const valid = rows.map((row, i) => ({ ...row, label: (i % 2 === 0) === (i % 7 === 3) ? "yes" : "no" }));
    const result = await classify({ train: isGood, valid, epochs: 10, lr: 1e-2, ...options });
    expect(result.metrics.temperature).toBeGreaterThan(0);
    return result;
  },
  adapters: async () => {
    const init = await base();
    return (options) => further(init, { lora: { r: 2, loraDropout: 0.1 }, ...options });
  },
  "a model whose lower layers are frozen": async () => {
    const init = await base();
    return (options) => further(init, { freeze: ["embeddings"], ...options });
  },
  numbers: async () => (options) =>
    finetune({
      ...{ ...labeled, ...small, train: rows.map((row, i) => ({ ...row, label: i / 10 })) },
      ...{ task: "regress", epochs: 3, schedule: "cosine", layerDecay: 0.8 },
      ...options,
    }),
  "a causal language model": async () => language("clm"),
  "a student of a sentence encoder": async () => {
    const [teacher, data] = [await teacherFiles(), textFile(sentences(120))];
    return (options) => distill({ teacher, data, ...SHORT, layers: 2, dropout: 0.1, evalEvery: 5, ...options });
  },
  "a student of a masked language model, with micro-batches": async () => {
    const [teacher, data] = [await teacherFiles("masked-lm"), textFile(sentences(120))];
    return (options) =>
      distill({ teacher, data, ...SHORT, vocabSize: 48, gradientAccumulationSteps: 2, batchTokens: 32, ...options });
  },
  "a masked language model": async () => language("mlm"),
};

/** What differs between two runs of the same, by nature. */
const MEASURED = new Set([
  "textsPerSecond",
  "teacherTextsPerSecond",
  "seconds",
  "tokensPerSecond",
  "secondsLeft",
  "memory",
  "peakMemory",
]);
const parsed = (line: string) => JSON.parse(line, (name, value) => (MEASURED.has(name) ? undefined : value)) as unknown;
const read = (folder: string, file: string) => readFileSync(join(folder, file), "utf8");

/** All that a run leaves, without times. */
const left = (folder: string) => ({
  weights: readdirSync(folder)
    .filter((name) => name.endsWith(".safetensors"))
    .map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
  metrics: parsed(read(folder, "metrics.json")),
  log: read(folder, "log.jsonl").trim().split("\n").map(parsed),
});

/** A run that dies in step `last`, as a killed process does: nothing is saved after it. */
async function crashed(train: (options: Options) => Promise<unknown>, last: number, options: Options): Promise<void> {
  const onProgress = ({ step }: { step: number }) => {
    if (step === last) throw new Error("the power is gone");
  };
  await expect(train({ ...options, onProgress })).rejects.toThrow("the power is gone");
}

async function finished(train: (options: Options) => Promise<{ readonly model: RoFormer }>, options: Options) {
  const messages: string[] = [];
  const { model } = await train({ ...options, onMessage: (line: string) => messages.push(line) });
  model.close();
  return messages;
}

const checkpoints = (out: string) => readdirSync(join(out, "checkpoints")).sort();

describe.each(Object.keys(kinds))("%s", (kind) => {
  it("is the same after crashes and a stop as without", async () => {
    const train = await kinds[kind]!();
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "out")];
    await finished(train, { out: whole });
    const kept = { out, saveEvery: 2 };
    await crashed(train, 4, kept); // the checkpoint of step 4 is not there yet
    expect(checkpoints(out)).toEqual(["step-2"]);
    await crashed(train, 7, { ...kept, resume: true });
    const controller = new AbortController();
    const stopping = train({
      ...{ ...kept, resume: true, signal: controller.signal },
      onProgress: ({ step }: { step: number }) => step === 8 && controller.abort(),
    });
    await expect(stopping).rejects.toThrow(/^stopped after step 8; .*; resume goes on from .*checkpoints\/step-8$/);
    expect(await finished(train, { ...kept, resume: true })).toContain(`resumed from ${out}/checkpoints/step-8`);
    expect(left(out)).toEqual(left(whole));
  });
});

describe("a run that is resumed", () => {
  const train = (options: Options) => classify({ saveEvery: 3, ...options });

  it("within an evaluation makes that evaluation", async () => {
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "out")];
    await finished(train, { out: whole });
    const controller = new AbortController();
    const { run } = Model.prototype;
    const onPlan = () =>
      vi.spyOn(Model.prototype, "run").mockImplementation(function (this: Model, ...args) {
        controller.abort(); // the first evaluation's first batch
        return run.apply(this, args) as never;
      });
    await expect(train({ out, signal: controller.signal, onPlan })).rejects.toThrow("stopped after step");
    vi.restoreAllMocks();
    await finished(train, { out, resume: true });
    expect(left(out)).toEqual(left(whole));
  });

  it("begins at the beginning where there is no checkpoint, and says so", async () => {
    const out = join(temporaryFolder(), "out");
    const said = await finished(train, { out, resume: true });
    expect(said).toContain(`${out}/checkpoints has no checkpoint to resume from: training starts from the beginning`);
  });

  it.each<[string, (folder: string) => void]>([
    ["cut short", (folder) => truncateSync(join(folder, "optimizer.safetensors"), 1000)],
    [
      "changed in one byte",
      (folder) => {
        const bytes = readFileSync(join(folder, "model.safetensors"));
        bytes[bytes.length - 5]! ^= 1;
        writeFileSync(join(folder, "model.safetensors"), bytes);
      },
    ],
    ["without a file", (folder) => rmSync(join(folder, "best.safetensors"))],
    ["without its state", (folder) => rmSync(join(folder, "state.json"))],
    ["of a state that is not JSON", (folder) => writeFileSync(join(folder, "state.json"), '{"format":1,')],
    [
      "of a state of another step",
      (folder) => {
        const state = readFileSync(join(folder, "state.json"), "utf8");
        writeFileSync(join(folder, "state.json"), state.replace('"step":9', '"step":8'));
      },
    ],
    [
      "of a state that was changed",
      (folder) => {
        const state = readFileSync(join(folder, "state.json"), "utf8");
        writeFileSync(join(folder, "state.json"), state.replace('"isOver":false', '"isOver":true'));
      },
    ],
    ["another step's", (folder) => cpSync(join(folder, "../step-6"), folder, { recursive: true })],
    ["of an empty state", (folder) => writeFileSync(join(folder, "state.json"), "")],
  ])("uses the checkpoint before one that is %s, and says so", async (_, damage) => {
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "out")];
    await finished(train, { out: whole });
    await crashed(train, 11, { out });
    expect(checkpoints(out)).toEqual(["step-6", "step-9"]);
    damage(join(out, "checkpoints", "step-9"));
    const said = await finished(train, { out, resume: true });
    expect(said).toContain(`resumed from ${out}/checkpoints/step-6`);
    expect(said.join("\n")).toMatch(/checkpoints\/step-9.*: the checkpoint before it is used/);
    expect(left(out)).toEqual(left(whole));
  });

  it.each<[string, Options, string]>([
    ["lr", { lr: 2e-4 }, "resume: lr is 0.0002, and"],
    ["seed", { seed: 5 }, "resume: seed is 5, and"],
    ["batch", { batch: 4 }, "resume: batch is 4, and"],
    ["dropout", { dropout: 0.3 }, "resume: dropout is 0.3, and"],
    ["ema", { ema: 0.5 }, "resume: ema is 0.5, and"],
    ["steps", { epochs: 4 }, 'with schedule "linear" the learning rates of its first steps depend on that'],
    ["rows", { train: rows.toReversed() }, "resume: the training data differs from that of"],
    ["test", { test: rows }, "resume: the test data differs from that of"],
  ])("refuses another %s by name and changes nothing", async (_, change, message) => {
    const out = join(temporaryFolder(), "out");
    await crashed(train, 8, { out });
    const before = checkpoints(out);
    const running = train({ out, resume: true, ...change });
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.toSatisfy((error) => error instanceof ConfigError || error instanceof DataError);
    expect(checkpoints(out)).toEqual(before);
  });

  it("refuses other frozen weights", async () => {
    const [out, init] = [join(temporaryFolder(), "out"), await base()];
    const adapters = (options: Options) => further(init, { saveEvery: 3, lora: { r: 2 }, ...options });
    await crashed(adapters, 8, { out });
    const model = await RoFormer.load(init);
    model.parameters()[0]!.write(new Float32Array(model.parameters()[0]!.read().length));
    await model.save(init);
    model.close();
    await expect(adapters({ out, resume: true })).rejects.toThrow("the model's frozen weights differs from that of");
  });

  it("may be longer where the rates do not depend on its length", async () => {
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "out")];
    const constant = { schedule: "constant_with_warmup", warmupSteps: 2, evalEvery: 3 };
    await finished(train, { ...constant, out: whole, steps: 12 });
    await finished(train, { ...constant, out, steps: 6 });
    expect(checkpoints(out)).toEqual(["step-3", "step-6"]);
    await finished(train, { ...constant, out, steps: 12, resume: true });
    const results = ({ weights, metrics }: ReturnType<typeof left>) => ({ weights, metrics });
    expect(results(left(out))).toEqual(results(left(whole)));
    await expect(train({ ...constant, out, steps: 9, resume: true })).rejects.toThrow(
      `resume: steps is 9, and ${out}/checkpoints/step-12 has made 12 steps already`,
    );
  });

  it("is the longer run where the shorter one ended between two evaluations", async () => {
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "out")];
    const constant = { schedule: "constant_with_warmup", warmupSteps: 2, evalEvery: 5, ema: 0.5 };
    await finished(train, { ...constant, out: whole, steps: 15 });
    await finished(train, { ...constant, out, steps: 7 });
    await finished(train, { ...constant, out, steps: 15, resume: true });
    const results = ({ weights, metrics }: ReturnType<typeof left>) => ({ weights, metrics });
    expect(results(left(out))).toEqual(results(left(whole)));
    expect(left(out).log).toHaveLength(left(whole).log.length);
  });

  it("keeps checkpoints that were asked for when it began", async () => {
    const out = join(temporaryFolder(), "out");
    await crashed(train, 8, { out });
    await finished(classify, { out, resume: true });
    expect(checkpoints(out)).toEqual(["step-18", "step-6"]);
  });
});

describe("two trainings in one folder", () => {
  it("are refused while the first one runs, and leave nothing of the second", async () => {
    const out = join(temporaryFolder(), "out");
    let second: Promise<unknown> | undefined;
    await finished((options) => classify(options), {
      ...{ out, saveEvery: 2 },
      onProgress: () => {
        second ??= classify({ out, seed: 2 }).then(
          () => "trained",
          (error: Error) => error.message,
        );
      },
    });
    expect(await second).toBe(
      `${out}/checkpoints cannot be used: another training, of process ${process.pid}, uses it`,
    );
    expect(checkpoints(out)).toEqual(["step-16", "step-18"]);
    await finished(classify, { out }); // nothing is in use any more
  });
});

describe("checkpoints", () => {
  it("are the newest ones, each a model that loads, and replace those of an earlier run with a message", async () => {
    const out = join(temporaryFolder(), "out");
    await finished(classify, { out, saveEvery: 1, keepCheckpoints: 3 });
    expect(checkpoints(out)).toEqual(["step-16", "step-17", "step-18"]);
    const model = await RoFormer.load(join(out, "checkpoints", "step-18"));
    expect(["no", "yes"]).toContain((await model.classify("good text")).label);
    model.close();
    mkdirSync(join(out, "checkpoints", "step-2"));
    writeFileSync(join(out, "checkpoints", "step-2", "mine.txt"), "a user's");
    const said = await finished(classify, { out, saveEvery: 4 });
    expect(said.join("\n")).toContain("has checkpoints of an earlier run, which this run replaces");
    expect(checkpoints(out)).toEqual(["step-16", "step-18", "step-2"]);
    expect(read(out, "checkpoints/step-2/mine.txt")).toBe("a user's");
  });

  it("by default are removed at the end of a run, and stay where it is stopped", async () => {
    const out = join(temporaryFolder(), "out");
    await finished(classify, { out });
    expect(existsSync(join(out, "checkpoints"))).toBe(false);
    const controller = new AbortController();
    const stopping = classify({
      ...{ out, signal: controller.signal },
      onProgress: ({ step }: { step: number }) => step === 4 && controller.abort(),
    });
    await expect(stopping).rejects.toThrow("stopped after step 4");
    expect(checkpoints(out)).toEqual(["step-4"]);
    await finished(classify, { out, resume: true });
    expect(existsSync(join(out, "checkpoints"))).toBe(false);
  });

  it("are written by time", async () => {
    const out = join(temporaryFolder(), "out");
    await finished(classify, { out, saveMinutes: 1e-9, keepCheckpoints: 100 });
    expect(checkpoints(out)).toHaveLength(18);
  });

  it("leave nothing of a crash while one is written", async () => {
    const out = join(temporaryFolder(), "out");
    await crashed(classify, 8, { out, saveEvery: 3 });
    cpSync(join(out, "checkpoints", "step-6"), join(out, "checkpoints", ".step-9"), { recursive: true });
    await finished(classify, { out, saveEvery: 3, resume: true });
    expect(checkpoints(out)).toEqual(["step-15", "step-18"]);
  });

  it("that cannot be written are a message, and cost nothing else", async () => {
    const [whole, out] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "out")];
    await finished(classify, { out: whole });
    vi.spyOn(platform, "writeFolder").mockImplementationOnce(async () => {
      throw Object.assign(new Error("ENOSPC: the disk is full on device, write"), { code: "ENOSPC" });
    });
    const said = await finished(classify, { out, saveEvery: 5 });
    expect(said.join("\n")).toMatch(
      /the checkpoint of step 5 could not be written: .*the disk is full.*; training goes on/,
    );
    expect(checkpoints(out)).toEqual(["step-15", "step-18"]);
    expect(left(out)).toEqual(left(whole));
  });

  it("are named where the loss is not a number", async () => {
    const out = join(temporaryFolder(), "out");
    const { lossAndGradients } = Model.prototype;
    let calls = 0;
    const onPlan = () =>
      vi.spyOn(Model.prototype, "lossAndGradients").mockImplementation(function (this: Model, ...args) {
        return ++calls > 5 ? Number.NaN : lossAndGradients.apply(this, args);
      });
    const running = classify({ out, saveEvery: 2, onPlan });
    await expect(running).rejects.toThrow(
      /^the loss of step 6 is NaN .*checkpoints\/step-4 is the last checkpoint before it$/,
    );
    await expect(running).rejects.toBeInstanceOf(EngineError);
  });

  it.each<[Options, string]>([
    [{ saveEvery: 0, out: "x" }, "saveEvery is 0; expected a whole number of at least 1"],
    [{ saveMinutes: -1, out: "x" }, "saveMinutes is -1; expected a positive number"],
    [{ keepCheckpoints: 1.5, out: "x" }, "keepCheckpoints is 1.5; expected a whole number of at least 1"],
    [{ resume: "yes", out: "x" }, 'resume is "yes"; expected true or false'],
    [{ resume: true }, "resume needs a place for checkpoints: out, a folder for the model, or checkpoints"],
    [{ saveEvery: 5 }, "saveEvery needs a place for checkpoints"],
    [{ checkpoints: "" }, 'checkpoints is ""; expected the path of a folder or a FileSystemDirectoryHandle'],
    [{ checkpoints: {} }, "expected the path of a folder or a FileSystemDirectoryHandle"],
    [{ checkpoints: null }, "checkpoints is null; expected"],
    [{ onPlan: 5 }, "onPlan is 5; expected a function"],
    [{ onEvaluation: 5 }, "onEvaluation is 5; expected a function"],
  ])("refuses %j", async (options, message) => {
    await expect(classify(options)).rejects.toThrow(message);
  });
});
