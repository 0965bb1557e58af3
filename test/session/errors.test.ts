import { describe, expect, it } from "vitest";
import { smallModel } from "../pipelines/models.js";
import * as built from "./built.js";
import { createSession, failure, rows, session } from "./built.js";

const config = { vocab_size: 9, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };
const training = { train: rows(60), text: "text", label: "label", batch: 4, epochs: 10_000 };
const { ShapeError, ConfigError, DataError, CheckpointError, EngineError } = built;
const classes = { ShapeError, ConfigError, DataError, CheckpointError, EngineError };
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("an error of the worker arrives as what it was:", () => {
  it.each([
    [
      "ShapeError",
      "SHAPE_ERROR",
      (s: built.Session) => s.create(config).then((m) => m.forward({ inputIds: [[1]], attentionMask: [[1, 1]] })),
    ],
    ["ConfigError", "CONFIG_ERROR", (s: built.Session) => s.create({ ...config, hidden_size: 7 })],
    [
      "DataError",
      "DATA_ERROR",
      (s: built.Session) => s.finetune({ ...training, train: "no/such/file.csv" }),
      "not-found",
    ],
    ["CheckpointError", "CHECKPOINT_ERROR", brokenWeights],
    [
      "EngineError",
      "ENGINE_ERROR",
      (s: built.Session) => s.create({ ...config, vocab_size: 2 ** 20, hidden_size: 1024 }),
      "out-of-memory",
    ],
  ] as const)("%s", async (name, code, cause, reason?: string) => {
    const error = await failure(cause(await session()));
    expect(error).toBeInstanceOf(classes[name]);
    expect(error).toBeInstanceOf(built.RoFormerError);
    expect([error.name, error.code]).toEqual([name, code]);
    expect(error.stack).toMatch(/session[\\/]worker\.js/);
    expect(Object.keys(error)).toEqual(reason === undefined ? ["code"] : ["code", "reason"]);
    expect((error as built.RoFormerError).reason).toBe(reason);
  });

  async function brokenWeights(asked: built.Session) {
    const files = await (await smallModel("base")).files();
    return asked.load(new Map([...files, ["model.safetensors", new Blob(["12345678"])]]));
  }

  it("and so do its causes, and the runtime's own errors", async () => {
    const error = await failure((await session()).load(new Map([["config.json", new Blob(["{"])]])));
    expect(error).toBeInstanceOf(built.ConfigError);
    expect(error.cause).toBeInstanceOf(SyntaxError);
    const made = await (await session()).load(await (await smallModel("base")).files());
    const [parameter] = await made.parameters();
    expect(await failure(parameter!.write(null as never))).toBeInstanceOf(TypeError);
  });

  it("where the engine does not start, createSession says why, and leaves no worker", async () => {
    const before = process.getActiveResourcesInfo().length;
    const error = await failure(createSession({ wasm: new Uint8Array([1, 2, 3]) }));
    expect(error).toBeInstanceOf(built.EngineError);
    expect(error.message).toMatch(/^the wasm module could not be loaded: WebAssembly.compile\(\)/);
    expect(await failure(createSession({ threads: 0 }))).toBeInstanceOf(built.ConfigError);
    const absent = await failure(createSession({ worker: new URL("./absent.js", import.meta.url) }));
    expect(absent).toBeInstanceOf(built.EngineError);
    expect(absent.message).toMatch(/^the session's worker ended: Cannot find module .*absent\.js/);
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
  });

  it("what cannot be sent is named, and nothing else is lost by it", async () => {
    const asked = await session();
    const made = await asked.create(config);
    const { tokenizer } = await smallModel("base");
    await expect(asked.create(config, { tokenizer } as never)).rejects.toThrow("create: a tokenizer cannot be sent");
    const error = await failure(asked.create(config, { seed: [() => 1] } as never));
    expect(error).toBeInstanceOf(built.ConfigError);
    expect(error.message).toMatch(
      /^session: create got an argument that cannot be sent to its worker \(.*could not be cloned/,
    );
    // A function by itself is a listener, and is refused where there is none.
    const listener = await failure(asked.create(config, { seed: () => 1 } as never));
    expect(listener).toBeInstanceOf(built.ConfigError);
    expect(listener.message).toMatch(/^seed is /);
    const inputs = { inputIds: [[1]], labels: [() => 1] } as never;
    expect((await failure(made.forward(inputs))).message).toMatch(
      /^session: forward got an argument that cannot be sent/,
    );
    expect((await made.forward({ inputIds: [[1]] })).lastHiddenState.shape).toEqual([1, 1, 8]);
    const other = await (await session()).create(config, { head: "sequence-classification" });
    const data = { data: rows(4), text: "text", label: "label" };
    await expect(asked.evaluate(other, data)).rejects.toThrow("the model is not one of this session's");
  });
});

describe("a signal", () => {
  it("ends a training between two steps with AbortError and its reason, and gives all memory back", async () => {
    const asked = await session();
    const warm = await asked.finetune({ ...training, epochs: 1 });
    await warm.model.close();
    const before = (await asked.memory()).used;
    const [controller, reason] = [new AbortController(), new Error("enough")];
    let steps = 0;
    const onProgress = () => {
      if (++steps === 3) controller.abort(reason);
    };
    const error = await failure(asked.finetune({ ...training, onProgress, signal: controller.signal }));
    expect(error).toBeInstanceOf(built.AbortError);
    expect(error.message).toMatch(/^stopped after step \d+$/);
    expect(error.cause).toBe(reason);
    expect((await asked.memory()).used).toBe(before);
  });

  it("ends a training with the model as it stands, if that is wanted", async () => {
    const controller = new AbortController();
    const onProgress = ({ step }: { step: number }) => step === 2 && controller.abort();
    const options = { ...training, onProgress, signal: controller.signal, whenAborted: "return" } as const;
    const { model, metrics } = await (await session()).finetune(options);
    expect(metrics.steps).toBeGreaterThan(1);
    expect(metrics.steps).toBeLessThan(1000);
    expect((await model.classify("good")).label).toMatch(/yes|no/);
  });

  it("ends a call that waits while another runs, without running it; one that was aborted before does not run either", async () => {
    const asked = await session();
    const long = new AbortController();
    let ended = false;
    const running = failure(asked.finetune({ ...training, signal: long.signal })).finally(() => {
      ended = true;
    });
    const controller = new AbortController();
    const events: unknown[] = [];
    const waiting = failure(
      asked.finetune({ ...training, signal: controller.signal, onProgress: (e) => void events.push(e) }),
    );
    const never = failure(asked.finetune({ ...training, signal: AbortSignal.abort("before") }));
    await pause(100);
    controller.abort();
    const [error, before] = await Promise.all([waiting, never]);
    expect(ended).toBe(false);
    expect([error.message, before.message]).toEqual(Array(2).fill("finetune was aborted before its turn came"));
    expect([error, before].every((one) => one instanceof built.AbortError)).toBe(true);
    expect(before.cause).toBe("before");
    long.abort();
    expect(await running).toBeInstanceOf(built.AbortError);
    expect(events).toEqual([]);
  });

  it("does not end other calls, and memory and doctor wait for none", async () => {
    const asked = await session();
    const controller = new AbortController();
    const settled: string[] = [];
    const running = failure(asked.finetune({ ...training, signal: controller.signal }));
    const made = asked.create(config);
    void running.then(() => settled.push("finetune"));
    void made.then(() => settled.push("create"));
    expect((await asked.memory()).limit).toBeGreaterThan(0);
    expect((await asked.doctor()).threads).toBe(1);
    expect(settled).toEqual([]);
    controller.abort();
    await running;
    expect((await made).head).toBe("base");
  });

  it("that is no signal is refused by whoever reads it", async () => {
    const made = await session();
    await expect(made.finetune({ ...training, epochs: 1, signal: {} as AbortSignal })).resolves.toBeDefined();
  });
});

it("what a listener throws ends the call with it, and the training in the worker", async () => {
  const asked = await session();
  const thrown = new RangeError("mine");
  const onProgress = () => {
    throw thrown;
  };
  expect(await failure(asked.finetune({ ...training, onProgress }))).toBe(thrown);
  expect((await asked.create(config)).head).toBe("base"); // the queue goes on
});
