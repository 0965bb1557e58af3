import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { convert, inspect, memory } from "../../ts/index.js";
import { checkSave } from "../../ts/models/save.js";
import { temporaryFolder } from "../process.js";
import { logitsOf } from "./logits.js";
import { change, fieldsOf, load, make, named, packed, train } from "./loraModels.js";
import { sentenceCases, sentenceFiles } from "./sentenceFolders.js";

describe("a folder of an adapter", () => {
  /** A base without a classifier, and an adapter of a classifier on it. */
  async function saved(settings = {}) {
    const folder = temporaryFolder();
    const [base, out] = [join(folder, "base"), join(folder, "adapter")];
    await make("masked-lm").save(base);
    const model = await load(base, {
      head: "sequence-classification",
      strict: false,
      config: { id2label: { 0: "a", 1: "b", 2: "c" } },
    });
    await model.addLora({ r: 4, ...settings });
    train(model);
    await model.save(out);
    return { folder, base, out, model, logits: logitsOf(model, packed) };
  }

  it("is found again with its base and its labels, and trained on", async () => {
    const { base, out, model, logits } = await saved();
    expect(readdirSync(out).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors", "model_config.json"]);
    expect(fieldsOf(out)).toMatchObject({
      ...{ peft_type: "LORA", task_type: "SEQ_CLS", base_model_name_or_path: base, r: 4, lora_alpha: 16 },
      ...{ target_modules: ["query", "value"], modules_to_save: ["classifier"], bias: "none" },
    });
    const again = await load(out);
    expect(again.head).toBe("sequence-classification");
    expect(again.config.id2label).toEqual(model.config.id2label);
    expect(logitsOf(again, packed)).toEqual(logits);
    const before = named(again, "roformer.encoder.layer.0.attention.self.key.weight").read();
    train(again);
    expect(named(again, "roformer.encoder.layer.0.attention.self.key.weight").read()).toEqual(before);
    await again.save(out);
    expect(logitsOf(await load(out), packed)).toEqual(logitsOf(again, packed));
    expect(fieldsOf(out).base_model_name_or_path).toBe(base);
  });

  it("is found with a base beside it, or with the base that is given, and without a configuration of its own", async () => {
    const { folder, base, out, logits } = await saved();
    rmSync(join(out, "model_config.json"));
    change(out, { base_model_name_or_path: "../base" });
    const again = await load(out);
    expect(logitsOf(again, packed)).toEqual(logits);
    expect(again.config.num_labels).toBe(3);
    renameSync(base, join(folder, "elsewhere"));
    change(out, { base_model_name_or_path: base });
    await expect(load(out)).rejects.toMatchObject({
      ...{ code: "CHECKPOINT_ERROR", reason: "not-found" },
      message: expect.stringContaining(`adapter_config.json: the base model "${base}" is not there`),
    });
    expect(logitsOf(await load(out, { base: join(folder, "elsewhere") }), packed)).toEqual(logits);
    change(out, { base_model_name_or_path: null });
    await expect(load(out)).rejects.toThrow("names no base model");
    const files = await again.files();
    expect(logitsOf(await load(files, { base: join(folder, "elsewhere") }), packed)).toEqual(logits);
  });

  it("holds what the base lacked, so that nothing of it is drawn anew", async () => {
    const folder = temporaryFolder();
    const [base, out] = [join(folder, "base"), join(folder, "adapter")];
    await make("masked-lm", { model_type: "bert" }).save(base);
    const model = await load(base, { head: "sequence-classification", strict: false, seed: 7 });
    await model.addLora();
    train(model);
    await model.save(out);
    expect(fieldsOf(out).modules_to_save).toEqual(["classifier", "bert.pooler.dense"]);
    expect(logitsOf(await load(out), packed)).toEqual(logitsOf(model, packed));
  });

  it.each([
    [{ peft_type: "PREFIX_TUNING" }, 'peft_type is "PREFIX_TUNING"; only adapters of type "LORA"'],
    [{ peft_type: "LOHA" }, 'peft_type is "LOHA"'],
    [{ use_dora: true }, "use_dora is true, which is not supported"],
    [{ lora_bias: true }, "lora_bias is true"],
    [{ layer_replication: [[0, 2]] }, "layer_replication is [[0,2]]"],
    [{ trainable_token_indices: [1] }, "trainable_token_indices is [1]"],
    [{ target_parameters: ["a"] }, 'target_parameters is ["a"]'],
    [{ init_lora_weights: "pissa_niter_4" }, 'init_lora_weights is "pissa_niter_4", which changes the base\'s weights'],
    [{ some_new_method: 3 }, "some_new_method is 3, which is not supported"],
    [{ r: "four" }, 'adapter_config.json: r is "four"; expected a whole number from 1'],
    [{ lora_alpha: "x" }, 'lora_alpha is "x"; expected a number'],
    [{ target_modules: null }, "target_modules is missing"],
    [{ target_modules: ["q_proj"] }, 'no module is named "q_proj"'],
  ])("of another kind is refused by name: %j", async (fields, message) => {
    const { out } = await saved();
    change(out, fields);
    await expect(load(out)).rejects.toMatchObject({
      code: "CONFIG_ERROR",
      message: expect.stringMatching(/adapter_config\.json: /),
    });
    await expect(load(out)).rejects.toThrow(message);
  });

  it("that does not fit its settings or its base is refused, with the names, and leaves nothing in memory", async () => {
    const { folder, base, out } = await saved();
    const { slots } = memory();
    const at = "roformer.encoder.layer.0.attention.self";
    const refusals: [object, string][] = [
      [{ r: 5 }, `Wrong shapes: ${at}.query.lora_A.weight is [4, 16], not [5, 16]`],
      [{ target_modules: ["query", "value", "key"] }, `Missing: ${at}.key.lora_A.weight; ${at}.key.lora_B.weight`],
      [{ target_modules: ["query"] }, `Unexpected: "${at}.value.lora_A.weight"`],
      [{ bias: "lora_only" }, `Missing: ${at}.query.base_layer.bias`],
      [{ layers_to_transform: [0] }, 'Unexpected: "roformer.encoder.layer.1'],
    ];
    const fields = fieldsOf(out);
    for (const [one, message] of refusals) {
      change(out, { ...fields, ...one });
      await expect(load(out), message).rejects.toMatchObject({ code: "CHECKPOINT_ERROR" });
      await expect(load(out)).rejects.toThrow(message);
    }
    change(out, fields);
    rmSync(join(out, "model_config.json"));
    for (const [name, more] of Object.entries({
      wide: { hidden_size: 32 },
      deep: { num_hidden_layers: 3 },
      bert: { model_type: "bert" as const },
    })) {
      const other = make("masked-lm", more);
      await other.save(join(folder, name));
      await expect(load(out, { base: join(folder, name) }), name).rejects.toMatchObject({ code: "CHECKPOINT_ERROR" });
      other.close();
    }
    await expect(load(out, { base: out })).rejects.toThrow("is an adapter itself");
    await expect(load(out, { int8: true })).rejects.toMatchObject({ code: "CONFIG_ERROR" });
    const file = join(out, "adapter_model.safetensors");
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length - 8));
    await expect(load(out)).rejects.toMatchObject({ code: "CHECKPOINT_ERROR" });
    rmSync(file);
    await expect(load(out)).rejects.toMatchObject({ code: "CHECKPOINT_ERROR", reason: "not-found" });
    expect(existsSync(base)).toBe(true);
    expect(memory().slots).toBe(slots);
  });

  it("is not written over a whole model, which may be its base; a merged one replaces it", async () => {
    const { base, out, model, logits } = await saved();
    await expect(model.save(base)).rejects.toThrow(`${base} holds a whole model; an adapter needs a folder of its own`);
    await expect(checkSave(base, model)).rejects.toThrow(`${base} holds a whole model`);
    await checkSave(base, model, { merge: true });
    expect(existsSync(join(base, "model.safetensors"))).toBe(true);
    await model.save(out, { merge: true });
    expect(readdirSync(out).sort()).toEqual(["config.json", "model.safetensors"]);
    const whole = await load(out);
    for (const [i, value] of logitsOf(whole, packed).entries()) expect(value).toBeCloseTo(logits[i]!, 5);
    model.store.freeze((name) => name.includes("embeddings"));
    await expect(model.save(join(out, "..", "more"))).rejects.toThrow("is trained, and an adapter does not hold it");
  });

  it("may hold its base too", async () => {
    const { folder, base, out, logits } = await saved();
    for (const file of readdirSync(out)) cpSync(join(out, file), join(base, file));
    change(base, { base_model_name_or_path: join(folder, "elsewhere") });
    expect(logitsOf(await load(base), packed)).toEqual(logits);
    // Without the adapter's own file, the base's configuration counts.
    rmSync(join(base, "model_config.json"));
    await expect(load(base)).rejects.toMatchObject({ code: "CHECKPOINT_ERROR" });
    const config = { id2label: { 0: "a", 1: "b", 2: "c" } };
    const again = await load(base, { head: "sequence-classification", config });
    expect(logitsOf(again, packed)).toEqual(logits);
  });

  it("takes a head with other labels where strict is false, and then no adapter less", async () => {
    const { out, model } = await saved();
    const config = { id2label: { 0: "x", 1: "y" } };
    await expect(load(out, { config })).rejects.toThrow("classifier.out_proj.weight is [3, 16], not [2, 16]");
    const other = await load(out, { config, strict: false });
    expect([...other.missing, ...other.mismatched.map(({ name }) => name)]).toEqual([
      "classifier.out_proj.weight",
      "classifier.out_proj.bias",
    ]);
    const name = "roformer.encoder.layer.0.attention.self.query.lora_B.weight";
    expect(named(other, name).read()).toEqual(named(model, name).read());
    expect(named(other, "classifier.dense.weight").read()).toEqual(named(model, "classifier.dense.weight").read());
    await expect(load(out, { strict: false, head: "base" })).rejects.toThrow("Missing: encoder.layer.0.attention.self");
  });

  it("keeps random features, and how the base's attention was changed", async () => {
    const folder = temporaryFolder();
    await make("masked-lm").save(join(folder, "base"));
    const config = { roformer_js: { attention: "performer" as const } };
    const model = await load(join(folder, "base"), { head: "sequence-classification", strict: false, config, seed: 9 });
    await model.addLora();
    train(model); // draws features anew
    await model.save(join(folder, "adapter"));
    const again = await load(join(folder, "adapter"));
    expect(again.config.roformer_js?.attention).toBe("performer");
    expect(logitsOf(again, packed)).toEqual(logitsOf(model, packed));
  });

  it("of a sentence-transformers model embeds as that one does", async () => {
    const folder = temporaryFolder();
    const texts = ["a b", "b c d"];
    const given = sentenceCases.cases.find(({ encoder, path }) => encoder === "bert" && path === "")!;
    await (await load(sentenceFiles(given))).save(join(folder, "base"));
    const model = await load(join(folder, "base"));
    await model.addLora({ targetModules: "all-linear" });
    for (const one of model.parameters())
      if (one.name.includes("lora_B"))
        one.write(Float32Array.from({ length: one.read().length }, (_, i) => Math.sin(i)));
    await model.save(join(folder, "adapter"));
    expect(existsSync(join(folder, "adapter/modules.json"))).toBe(true);
    const again = await load(join(folder, "adapter"));
    expect(again.sentences).toEqual(model.sentences);
    expect(await again.embed(texts)).toEqual(await model.embed(texts));
    expect(await again.embed(texts)).not.toEqual(await (await load(join(folder, "base"))).embed(texts));
  });

  it("is inspected, and converted to a whole model", async () => {
    const { folder, out, logits } = await saved();
    const { tensors, parameters } = await inspect(out);
    expect(tensors.map(({ name }) => name)).toContain("base_model.model.classifier.out_proj.bias");
    // Two layers of two adapters of 2 · 4 · 16 numbers, and the classifier.
    expect(parameters).toBe(2 * 2 * 2 * 4 * 16 + 17 * 16 + 17 * 3);
    await convert(out, join(folder, "whole"));
    const whole = await load(join(folder, "whole"));
    expect(whole.parameters().some(({ name }) => name.includes("lora"))).toBe(false);
    for (const [i, value] of logitsOf(whole, packed).entries()) expect(value).toBeCloseTo(logits[i]!, 5);
  });

  it("names no base that an optimizer may have changed, and the folder where a whole model was saved", async () => {
    const folder = temporaryFolder();
    await make("masked-lm").save(join(folder, "loaded"));
    const model = await load(join(folder, "loaded"), { head: "sequence-classification", strict: false });
    train(model, 1);
    await model.addLora();
    await model.save(join(folder, "a"));
    expect(fieldsOf(join(folder, "a")).base_model_name_or_path).toBe(null);
    const other = make();
    train(other, 1);
    await other.save(join(folder, "base"));
    await other.addLora();
    await other.save(join(folder, "b"));
    expect(fieldsOf(join(folder, "b")).base_model_name_or_path).toBe(join(folder, "base"));
    expect(logitsOf(await load(join(folder, "b")), packed)).toEqual(logitsOf(other, packed));
  });
});
