import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, DataError, memory, RoFormer } from "../../ts/index.js";
import { pack } from "../../ts/nn/packed.js";
import { type PretrainOptions, pretrain } from "../../ts/train/index.js";
import { roformer, temporaryFolder } from "../process.js";

const SENTENCE = "the cat sat on the mat, 😀 and the dog ran far.\n";
const bytes = (text: string) => ({ name: "text.txt", bytes: new TextEncoder().encode(text) });
const small = { layers: 1, width: 32, heads: 2, maxLength: 24, batch: 4, dropout: 0, seed: 1 } as const;
const given = (change: Partial<PretrainOptions> = {}): PretrainOptions => ({
  objective: "clm",
  data: [bytes(SENTENCE.repeat(60))],
  steps: 60,
  lr: 5e-3,
  ...small,
  ...change,
});

describe("pretrain", () => {
  it.each(["softmax", "performer", "linear-elu"] as const)(
    "with %s learns running text by heart",
    async (attention) => {
      const { model, metrics } = await pretrain(given({ attention }));
      expect(metrics.loss).toBeLessThan(1);
      expect(metrics.steps).toBe(60);
      model.close();
    },
  );

  it.each([1, 2, 3])(
    "has a token to guess in every batch of masked windows, however short they are (seed %i)",
    async (seed) => {
      // By chance alone, none of three tokens is chosen in six of ten.
      const losses: number[] = [];
      const onProgress = ({ loss }: { loss: number }) => losses.push(loss);
      const options = { objective: "mlm", steps: 30, batch: 1, maxLength: 5, seed, onProgress } as const;
      const { model, metrics } = await pretrain(given({ ...options, valid: [bytes("cat mat")] }));
      expect(losses).toHaveLength(30);
      expect(losses.every((loss) => loss > 0 && loss < 20)).toBe(true);
      expect(metrics.n).toBeGreaterThan(0);
      expect(metrics.loss).toBeGreaterThan(0);
      model.close();
    },
  );

  it("refuses batches beyond all memory, and listeners that are not functions, before anything is made", async () => {
    const before = memory().slots;
    await expect(pretrain(given({ batch: 2 ** 40 }))).rejects.toThrow(
      new ConfigError("pretrain: batch is 1099511627776; expected at most 699050 windows of 24 tokens"),
    );
    for (const name of ["onProgress", "onMessage"]) {
      const said = expect.stringContaining(`${name} is 3; expected a function`);
      await expect(pretrain(given({ [name]: 3 }))).rejects.toMatchObject({ code: "CONFIG_ERROR", message: said });
    }
    expect(memory().slots).toBe(before);
  });

  it("tells bits of held-out characters, each guessed once, as they come out of the logits", async () => {
    const folder = join(temporaryFolder(), "model");
    const valid = SENTENCE.repeat(3).slice(5);
    const options = given({ steps: 3, valid: [bytes(valid)], out: folder });
    const { model, metrics } = await pretrain(options);
    const { ids } = model.tokenizer!.encode(valid, { addSpecialTokens: false });
    expect(ids).toHaveLength([...valid].length); // a piece a character
    const V = model.config.vocab_size;
    let nats = 0;
    for (let start = 0; start < ids.length - 1; start += 23) {
      const window = ids.slice(start, start + 24);
      const { data } = model.forward({ inputIds: [window] }).logits!;
      for (let t = 0; t + 1 < window.length; t++) {
        const row = [...data.slice(t * V, (t + 1) * V)];
        nats += Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[window[t + 1]!]!;
      }
    }
    expect(metrics.n).toBe(ids.length - 1);
    expect(metrics.bitsPerCharacter).toBeCloseTo(nats / [...valid].length / Math.LN2, 4);
    expect(JSON.parse(readFileSync(join(folder, "metrics.json"), "utf8"))).toMatchObject(metrics);
    const log = readFileSync(join(folder, "log.jsonl"), "utf8").trim().split("\n");
    expect(log.map((line) => JSON.parse(line).step)).toEqual([1, 1, 2, 2, 3, 3]);
    const loaded = await RoFormer.load(folder);
    expect(loaded.tokenizer!.decode(loaded.tokenizer!.encode(valid).ids)).toBe(valid);
    const targets = { tokens: Int32Array.from(ids) };
    expect(loaded.loss(pack([ids]), targets)).toBe(model.loss(pack([ids]), targets));
    for (const one of [model, loaded]) one.close();
  });

  it.each([
    [{ lr: "1e-3" }, 'pretrain: lr is "1e-3", a string, not a positive number'],
    [{ lr: Number.POSITIVE_INFINITY }, "pretrain: lr is Infinity, not a positive number"],
    [{ steps: "10" }, 'pretrain: steps is "10", a string, not a whole number of at least 1'],
    [{ evalEvery: 0 }, "pretrain: evalEvery is 0, not a whole number of at least 1"],
    [{ warmup: -0.1 }, "pretrain: warmup is -0.1, not a number from 0 to 1"],
    [{ dropout: Number.NaN }, "pretrain: dropout is NaN, not a number from 0 to below 1"],
    [{ weightDecay: -1 }, "pretrain: weightDecay is -1, not a number of at least 0"],
    [{ maxLength: 3 }, "pretrain: maxLength is 3, not a whole number of at least 4"],
    [{ recompute: "yes" }, 'pretrain: recompute is "yes", not true or false'],
  ])("refuses %j", async (change, message) => {
    const running = pretrain(given(change as never));
    await expect(running).rejects.toBeInstanceOf(ConfigError);
    await expect(running).rejects.toThrow(message);
  });

  it("reads lines that end with CR or CRLF as those that end with LF", async () => {
    const ended = async (end: string) => {
      const { model, metrics } = await pretrain(
        given({ data: [bytes(SENTENCE.repeat(30).replaceAll("\n", end))], steps: 1 }),
      );
      model.close();
      return [metrics.n, metrics.loss];
    };
    const want = await ended("\n");
    for (const end of ["\r", "\r\n"]) expect(await ended(end)).toEqual(want);
  });

  it("of bytes counts bits a character too, and spells any text", async () => {
    const { model, metrics } = await pretrain(given({ tokenizer: "byte", steps: 2 }));
    const text = "Ünï \n\t😀";
    const { ids } = model.tokenizer!.encode(text);
    expect(ids).toEqual([...new TextEncoder().encode(text)]);
    expect(model.tokenizer!.decode(ids)).toBe(text);
    const held = [...SENTENCE.repeat(60).slice(Math.floor(SENTENCE.length * 60 * 0.95))].length;
    expect(metrics.bitsPerCharacter).toBeCloseTo((metrics.loss * metrics.n) / held / Math.LN2, 1);
    model.close();
  });

  it("of hidden tokens makes a model that fills masks", async () => {
    const { model, metrics } = await pretrain(given({ objective: "mlm", steps: 80, vocabSize: 40 }));
    expect(model.head).toBe("masked-lm");
    expect(metrics.bitsPerCharacter).toBeUndefined();
    expect(await model.fillMask("the [MASK] sat on the mat", { topK: 1 })).toHaveLength(1);
    model.close();
  });

  it("is the same for the same seed, and goes on from a model, with another attention too", async () => {
    const folder = join(temporaryFolder(), "model");
    const first = await pretrain(given({ steps: 20, out: folder }));
    const again = await pretrain(given({ steps: 20 }));
    expect(again.metrics.loss).toBe(first.metrics.loss);
    const { layers, width, heads, ...rest } = given({ steps: 20, init: folder });
    const on = await pretrain(rest);
    expect(on.metrics.loss).toBeLessThan(first.metrics.loss);
    const linear = await pretrain({ ...rest, attention: "performer" });
    expect(linear.model.missing).toEqual(["roformer.encoder.layer.0.attention.self.projection_matrix"]);
    expect(linear.model.config.roformer_js).toMatchObject({ attention: "performer", kernel_epsilon: 0 });
    expect(Number.isFinite(linear.metrics.loss)).toBe(true);
    await expect(pretrain({ ...rest, width: 64 })).rejects.toThrow(/width cannot be set together with init/);
    for (const { model } of [first, again, on, linear]) model.close();
  });

  it("makes a model of the other objective causal, or no longer so, and its attention's ε with it", async () => {
    const folder = temporaryFolder();
    const [mlm, clm] = ["mlm", "clm"].map((name) => join(folder, name));
    const close = ({ model }: { model: RoFormer }) => model.close();
    close(await pretrain(given({ objective: "mlm", vocabSize: 60, steps: 2, attention: "performer", out: mlm })));
    const { layers, width, heads, ...rest } = given({ steps: 2 });
    const causal = await pretrain({ ...rest, init: mlm, out: clm });
    expect(causal.model.config).toMatchObject({ is_decoder: true, roformer_js: { kernel_epsilon: 0 } });
    const logits = (last: number) => causal.model.forward({ inputIds: [[5, 6, 7, 8, last]] }).logits!.data;
    const V = causal.model.config.vocab_size;
    const [one, other] = [logits(9), logits(10)];
    for (let i = 0; i < 4 * V; i++) expect(one[i]).toBeCloseTo(other[i]!, 5);
    const on = await pretrain({ ...rest, init: clm, objective: "mlm" });
    expect(on.model.config.is_decoder).toBe(false);
    const relu = await pretrain({ ...rest, init: clm, attention: "linear-relu" });
    expect([on, relu].map(({ model }) => model.config.roformer_js!.kernel_epsilon)).toEqual([undefined, undefined]);
    const fewer = await pretrain({ ...rest, init: clm, numRandomFeatures: 4 });
    expect(fewer.model.mismatched.map(({ name }) => name)).toEqual([
      "roformer.encoder.layer.0.attention.self.projection_matrix",
    ]);
    for (const one of [causal, on, relu, fewer]) close(one);
  });

  it("saves nothing if it is stopped before the first step", async () => {
    const folder = temporaryFolder();
    const running = pretrain(given({ out: join(folder, "model"), signal: AbortSignal.abort() }));
    await expect(running).rejects.toThrow("stopped before the first step; nothing was saved");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses a model whose tokenizer has more pieces than it has rows for", async () => {
    const folder = join(temporaryFolder(), "model");
    const { model } = await pretrain(given({ steps: 1, tokenizer: "byte", out: folder }));
    model.close();
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
    const narrow = join(temporaryFolder(), "narrow");
    const small = RoFormer.create({ ...config, vocab_size: 200, pad_token_id: null }, { head: "causal-lm" });
    await small.save(narrow);
    small.close();
    for (const file of ["tokenizer.json", "tokenizer_config.json"])
      copyFileSync(join(folder, file), join(narrow, file));
    const { layers, width, heads, ...rest } = given({ steps: 1, init: narrow });
    await expect(pretrain(rest)).rejects.toThrow(/narrow: the tokenizer has \d+ pieces, and vocab_size is 200/);
  });

  it("draws a Performer's features anew after so many steps, the same for the same seed", async () => {
    const projection = ({ model }: { model: RoFormer }) => model.store.saved.at(-1)!.read();
    const options = given({ steps: 5, attention: "performer" });
    const fixed = await pretrain(options);
    const redrawn = await pretrain({ ...options, featureRedrawInterval: 2 });
    const again = await pretrain({ ...options, featureRedrawInterval: 2 });
    const late = await pretrain({ ...options, featureRedrawInterval: 5 }); // not before the sixth step
    const all = [fixed, redrawn, again, late];
    expect(fixed.model.store.saved.at(-1)!.name).toMatch(/projection_matrix$/);
    expect(projection(redrawn)).not.toEqual(projection(fixed));
    expect(projection(again)).toEqual(projection(redrawn));
    expect(again.metrics.loss).toBe(redrawn.metrics.loss);
    expect(projection(late)).toEqual(projection(fixed));
    expect(late.metrics.loss).toBe(fixed.metrics.loss);
    for (const { model } of all) model.close();
    await expect(pretrain({ ...options, featureRedrawInterval: 0 })).rejects.toThrow(/featureRedrawInterval is 0/);
  });

  it.each([
    [{ objective: "x" }, ConfigError, /objective is "x"/],
    [{ maxLength: 2 }, ConfigError, /maxLength is 2/],
    [{ data: [bytes("  \n")] }, DataError, /there is no text/],
    [{ data: [bytes("ab")] }, DataError, /not 2 or more/],
    [{ objective: "mlm", tokenizer: "byte" }, ConfigError, /mask token/],
    [{ data: undefined }, DataError, /data is missing/],
    [{ data: [] }, DataError, /data is missing/],
    [{ data: "nowhere.txt" }, DataError, /nowhere\.txt: no such file/],
    [{ evalEvery: 0 }, ConfigError, /evalEvery is 0/],
    [{ data: ["nowhere.txt"] }, DataError, /nowhere\.txt: no such file/],
  ] as const)("%j is refused", async (change, kind, message) => {
    await expect(pretrain(given(change as never))).rejects.toThrow(message);
    await expect(pretrain(given(change as never))).rejects.toThrow(kind);
  });

  it("is a command: metrics as one JSON value, and a folder", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "text.txt"), SENTENCE.repeat(40));
    const words = "pretrain --objective clm --data text.txt --out model --attention performer --rotation rotate-before";
    const sizes = "--steps 3 --layers 1 --width 16 --heads 2 --max-length 16 --batch 2 --json";
    const ended = await roformer(`${words} ${sizes}`.split(" "), { cwd: folder });
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ steps: 3 });
    const config = JSON.parse(readFileSync(join(folder, "model/config.json"), "utf8"));
    expect(config).toMatchObject({
      model_type: "roformer_js",
      architectures: ["RoFormerForCausalLM"],
      roformer_js: { attention: "performer", rotation: "rotate-before", kernel_epsilon: 0 },
    });
    const refused = await roformer("pretrain --objective clm --data text.txt".split(" "), { cwd: folder });
    expect([refused.code, refused.stderr]).toEqual([
      2,
      "pretrain needs --out\n".replace("pretrain", "error: pretrain"),
    ]);
  });
});
