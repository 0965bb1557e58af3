import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CheckpointError, ConfigError, RoFormer, UnsavedError } from "../../ts/index.js";
import { platform } from "../../ts/platform/index.js";
import { type FinetuneResult, finetune, pretrain } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";
import { createSession } from "../session/built.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const rows = Array.from({ length: 20 }, (_, i) => ({
  text: `${i % 2 ? "good" : "bad"} text ${i}`,
  label: i % 2 ? "y" : "n",
}));
const small = { layers: 1, width: 16, heads: 2, batch: 4, dropout: 0, seed: 1, steps: 2 } as const;
const training = { train: rows, text: "text", label: "label", vocabSize: 40, ...small };
const text = {
  name: "text.txt",
  bytes: new TextEncoder().encode("an example of a text that repeats itself. ".repeat(20)),
};

const runs = {
  finetune: (out: string, onProgress?: () => void) => finetune({ ...training, out, onProgress }),
  pretrain: (out: string, onProgress?: () => void) =>
    pretrain({ ...small, objective: "clm", data: [text], maxLength: 16, out, onProgress }),
};
type Run = keyof typeof runs;
const names = Object.keys(runs) as Run[];

/** What a rejected promise was rejected with. */
const errorOf = (promise: Promise<unknown>): Promise<UnsavedError<FinetuneResult>> =>
  promise.then(
    () => expect.fail("it was not refused"),
    (error) => error,
  );

describe.each(names)("%s whose folder fails at the end", (name) => {
  it("saves the model beside it, says where, and hands it over", async () => {
    const home = temporaryFolder();
    // Somebody puts a folder into the way while the model is trained.
    const blocked = runs[name](join(home, "out"), () =>
      mkdirSync(join(home, "out/model.safetensors/mine"), { recursive: true }),
    );
    const error = await errorOf(blocked);
    expect(error).toBeInstanceOf(UnsavedError);
    expect(error).toBeInstanceOf(CheckpointError);
    const { savedIn, result } = error;
    expect(error.message).toBe(
      `the model is trained, and ${join(home, "out")} cannot be written: model.safetensors in it is a folder, but a file of that ` +
        `name must be written: rename the folder; it is saved in ${savedIn} instead`,
    );
    expect([dirname(savedIn!), basename(savedIn!).replace(/-[^-]+$/, "")]).toEqual([home, "out-unsaved"]);
    const loaded = await RoFormer.load(savedIn!);
    expect(loaded.parameters().map((one) => one.read())).toEqual(result.model.parameters().map((one) => one.read()));
    expect(JSON.parse(readFileSync(join(savedIn!, "metrics.json"), "utf8"))).toMatchObject({ steps: 2 });
    expect(readdirSync(join(home, "out/model.safetensors"))).toEqual(["mine"]);
    for (const model of [loaded, result.model]) model.close();
  });

  it("saves it in the system's temporary folder if there is no place beside", async () => {
    const home = temporaryFolder();
    const parent = join(home, "a");
    const error = await errorOf(
      runs[name](join(parent, "out"), () => {
        rmSync(parent, { recursive: true, force: true });
        writeFileSync(parent, "a file now");
      }),
    );
    expect(error.message).toMatch(/a part of the path is a file, not a folder \(E\w+\); it is saved in .*out-unsaved-/);
    expect(dirname(error.savedIn!)).not.toBe(parent);
    (await RoFormer.load(error.savedIn!)).close();
    error.result.model.close();
    rmSync(error.savedIn!, { recursive: true });
  });

  it("hands it over if no place takes it", async () => {
    const home = temporaryFolder();
    const tried: string[] = [];
    const error = await errorOf(
      runs[name](join(home, "out"), () => {
        vi.spyOn(platform, "writeFolder").mockImplementation(async (path) => {
          tried.push(path);
          throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
        });
      }),
    );
    expect(error.message).toMatch(/the disk is full \(ENOSPC\); no other place took it either$/);
    expect([error.savedIn, tried.length]).toEqual([undefined, 3]);
    expect(readdirSync(home)).toEqual([]);
    vi.restoreAllMocks();
    await error.result.model.save(join(home, "out"));
    (await RoFormer.load(join(home, "out"))).close();
    error.result.model.close();
  });
});

describe.each(names)("%s refuses before the training", (name) => {
  const steps = vi.fn();
  const refused = async (out: string) => {
    steps.mockClear();
    const error = await errorOf(runs[name](out, steps));
    expect(steps).not.toHaveBeenCalled();
    return error;
  };

  it.each([
    ...["config.json", "metrics.json", "log.jsonl", "vocab.txt", "merges.txt", "model.safetensors"],
    ...["model-00001-of-00002.safetensors", "added_tokens.json"],
  ])("a folder without a model that holds a %s", async (file) => {
    const out = temporaryFolder();
    const content = '{"name": "an application\'s"}';
    writeFileSync(join(out, file), content);
    const error = await refused(out);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toBe(
      `${out} cannot be written: there is a file ${file}, and no model that it belongs to; move it elsewhere or name another folder`,
    );
    expect(readFileSync(join(out, file), "utf8")).toBe(content);
    expect(readdirSync(out)).toEqual([file]);
  });

  it.each(["config.json", "model.safetensors", "metrics.json", "log.jsonl", "tokenizer.json"])(
    "a folder named %s",
    async (file) => {
      const out = temporaryFolder();
      mkdirSync(join(out, file, "mine"), { recursive: true });
      expect((await refused(out)).message).toContain(`${file} in it is a folder`);
      expect(readdirSync(join(out, file))).toEqual(["mine"]);
    },
  );

  it.skipIf(process.platform === "win32")("links in a circle, and a URL", async () => {
    const home = temporaryFolder();
    symlinkSync(join(home, "a"), join(home, "a"));
    expect((await refused(join(home, "a"))).message).toContain("its links lead in a circle (ELOOP)");
    expect(await refused("hf:owner/name")).toBeInstanceOf(ConfigError);
  });
});

describe.each(names)("%s goes on", (name) => {
  it("in a folder with notes, then with the older model, its shards and folders of the user's", async () => {
    const out = temporaryFolder();
    writeFileSync(join(out, "notes.txt"), "mine");
    mkdirSync(join(out, "vocab.json"));
    for (let i = 0; i < 2; i++) {
      (await runs[name](out)).model.close();
      if (i === 0) writeFileSync(join(out, "model-00001-of-00001.safetensors"), "an older one's");
    }
    const names = readdirSync(out);
    for (const kept of ["notes.txt", "vocab.json", "metrics.json", "log.jsonl"]) expect(names).toContain(kept);
    expect(names).not.toContain("model-00001-of-00001.safetensors");
    (await RoFormer.load(out)).close();
  });

  it("in a folder with a model of Hugging Face's, or with a tokenizer alone", async () => {
    const out = temporaryFolder();
    writeFileSync(join(out, "config.json"), '{"model_type": "distilbert"}');
    writeFileSync(join(out, "pytorch_model.bin"), "weights");
    writeFileSync(join(out, "vocab.txt"), "[PAD]\n");
    (await runs[name](out)).model.close();
    (await RoFormer.load(out)).close();
    const other = temporaryFolder();
    writeFileSync(join(other, "tokenizer_config.json"), "{}");
    writeFileSync(join(other, "vocab.txt"), "[PAD]\n");
    (await runs[name](other)).model.close();
  });
});

it("a model is not saved over a user's files either", async () => {
  const out = temporaryFolder();
  writeFileSync(join(out, "config.json"), "{}");
  const model = RoFormer.create({ vocab_size: 8, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 });
  await expect(model.save(out)).rejects.toThrow("there is a file config.json, and no model that it belongs to");
  expect(readdirSync(out)).toEqual(["config.json"]);
  model.close();
});

it("a session hands the model over, in the session", { timeout: 120_000 }, async () => {
  const home = temporaryFolder();
  const session = await createSession();
  const onProgress = () => mkdirSync(join(home, "out/config.json"), { recursive: true });
  const error = await errorOf(session.finetune({ ...training, steps: 30, out: join(home, "out"), onProgress }));
  expect(error.message).toMatch(/config.json in it is a folder.*; it is saved in .*out-unsaved-/);
  expect(error.savedIn).toContain("out-unsaved-");
  const model = error.result.model as unknown as { classify(text: string): Promise<unknown>; close(): Promise<void> };
  expect(await model.classify("good")).toMatchObject({ label: expect.stringMatching(/^[yn]$/) });
  await model.close();
  await session.close();
});
