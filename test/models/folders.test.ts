import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckpointError, ConfigError, DataError, EngineError } from "../../ts/errors.js";
import { inspect, RoFormer, type RoFormerConfigInput, Tokenizer } from "../../ts/index.js";
import { finetune } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";
import { folderOf, texts } from "./configFiles.js";

/** Folders as other programs, downloads and mistakes leave them. */
const classifier = { family: "bert", rows: 2 } as const;
const head = "sequence-classification";
const scoresOf = async (folder: ReadonlyMap<string, Blob>) => {
  const model = await RoFormer.load(folder);
  const found = await model.classify(texts);
  model.close();
  return found;
};
const failure = async (folder: Parameters<typeof RoFormer.load>[0], options = {}): Promise<Error> =>
  RoFormer.load(folder, options).then(
    (model) => {
      model.close();
      throw new Error("it loads");
    },
    (error: Error) => error,
  );
/** The folder with another file's content. */
const withFile = async (name: string, content: string | Uint8Array<ArrayBuffer>) =>
  new Map([...(await folderOf(classifier)), [name, new Blob([content])]]);

describe("fields that nobody knows", () => {
  it.each([
    ["20,000 of them", Array.from({ length: 20_000 }, (_, i) => `"hidden_siz${i}": 1`).join(", ")],
    ["one of a million letters", `"${"k".repeat(1_000_000)}": 1`],
    [
      "20,000 that look misspelled",
      Array.from({ length: 20_000 }, (_, i) => `"num_label${i % 10}_${i}": 1`).join(", "),
    ],
  ])("do not keep a folder from loading: %s", async (_, set) => {
    (await RoFormer.load(await folderOf({ ...classifier, set }), { head })).close();
  });

  it("may be NaN, as Python writes it, for the tokenizer too", async () => {
    const folder = await folderOf({
      ...classifier,
      set: '"loss": NaN, "note": "NaN, \\"-Infinity", "worst": -Infinity',
    });
    folder.set("tokenizer_config.json", new Blob(['{"do_lower_case": true, "best": Infinity}']));
    const model = await RoFormer.load(folder);
    expect(model.config).toMatchObject({ loss: null, note: 'NaN, "-Infinity', worst: null });
    expect((await model.classify(texts)).length).toBe(texts.length);
    model.close();
  });

  it("are looked at a thousand at most", async () => {
    const set = Array.from({ length: 20_000 }, (_, i) => `"hidden_s${String(i).padStart(4, "0")}": 1`).join(", ");
    const folder = await folderOf({ ...classifier, set: `"num_hidden_layers": 2, ${set}` });
    expect((await failure(folder)).message).toContain("Missing: bert.encoder.layer.1.");
  });

  it("are named where a folder does not load anyway", async () => {
    const set = '"hiden_size": 32';
    expect((await failure(await folderOf({ ...classifier, set, drop: ["hidden_size"] }))).message).toMatch(
      /does not fit config\.json .*hiden_size is not a field of a model: did you mean hidden_size\? Missing|hiden_size is not a field of a model: did you mean hidden_size\? Wrong shapes/,
    );
    const heads = await failure(
      await folderOf({ ...classifier, set: '"num_atention_heads": 2', drop: ["num_attention_heads"] }),
    );
    expect(heads).toBeInstanceOf(ConfigError);
    expect(heads.message).toMatch(
      /^config\.json: hidden_size 16 is not a multiple.*; num_atention_heads is not a field/,
    );
  });

  it("are refused where somebody types them", async () => {
    expect(() => RoFormer.create({ hiden_size: 8 })).toThrow(/^config: hiden_size .* did you mean hidden_size\?$/);
    const folder = await folderOf(classifier);
    const error = await failure(folder, { config: { hiden_size: 8 } });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(/^load: config: hiden_size .* did you mean hidden_size\?$/);
    expect((await failure(folder, { config: { hidden_size: "8" } })).message).toMatch(
      /^load: config: hidden_size is "8"/,
    );
    expect((await failure(folder, { config: [1] })).message).toBe("load: config is a list, not an object");
  });

  it("of an older release may be typed too", () => {
    const config = {
      vocab_size: 8,
      hidden_size: 8,
      num_attention_heads: 2,
      num_hidden_layers: 1,
      intermediate_size: 8,
    };
    RoFormer.create({ ...config, eos_token_ids: 0, _num_labels: 2 }).close();
  });
});

describe("a configuration that is given in code", () => {
  it.each([[[1, 2, 3]], [65_537], ["roformer"], [null], [new Map([["hidden_size", 8]])], [() => 1], [new Date(0)]])(
    "%j is refused, whatever the head",
    (config) => {
      for (const head of ["base", "causal-lm"] as const) {
        const create = () => RoFormer.create(config as unknown as RoFormerConfigInput, { head });
        expect(create).toThrow(ConfigError);
        expect(create).toThrow(/^config is .*, not an object$/);
      }
    },
  );

  it("with a number of labels that is not that of their names is refused", () => {
    expect(() => RoFormer.create({ num_labels: 3, id2label: { 0: "a", 1: "b" } })).toThrow(
      "config: num_labels is 3, but id2label names 2 classes",
    );
  });

  it("of a large vocabulary fails at once, for want of memory", () => {
    const create = () => RoFormer.create({ vocab_size: 10_000_000, num_hidden_layers: 1 });
    expect(create).toThrow(EngineError);
    expect(create).toThrow(/memory/);
  });
});

describe("other labels for a saved classifier", () => {
  it("take the names of the old ones away, unless there are as many", async () => {
    const folder = await folderOf({ ...classifier, set: '"id2label": {"0": "a", "1": "b"}' });
    const three = await RoFormer.load(folder, { head, strict: false, config: { num_labels: 3 } });
    expect(Object.keys((await three.classify("the cat")).scores)).toEqual(["LABEL_0", "LABEL_1", "LABEL_2"]);
    const two = await RoFormer.load(folder, { head, config: { num_labels: 2 } });
    expect(Object.keys((await two.classify("the cat")).scores)).toEqual(["a", "b"]);
    const named = await RoFormer.load(folder, { head, strict: false, config: { id2label: ["x", "y", "z"] } });
    expect(Object.keys((await named.classify("the cat")).scores)).toEqual(["x", "y", "z"]);
    for (const model of [three, two, named]) model.close();
  });

  it("are ranked by topK", async () => {
    const model = await RoFormer.load(await folderOf({ ...classifier, rows: 3, set: '"id2label": ["a", "b", "c"]' }));
    const { label, scores } = await model.classify("the cat");
    const best = await model.classify("the cat", { topK: 2 });
    expect(Object.keys(best.scores)).toEqual([label, "c"]);
    expect(best.scores[label]).toBe(scores[label]);
    await expect(model.classify("the cat", { topK: 0 })).rejects.toThrow("classify: topK is 0");
    await expect(model.classify("the cat", { functionToApply: "tanh" as never })).rejects.toThrow(
      'classify: functionToApply is "tanh", not one of sigmoid, softmax, none',
    );
    model.close();
  });
});

describe("a cross-encoder of sentence-transformers 6", () => {
  it("names its activation in a file of its own, which a saved copy keeps", async () => {
    const one = { ...classifier, rows: 1, set: '"num_labels": 1' } as const;
    const logit = (await scoresOf(await folderOf({ ...one, set: `${one.set}, "problem_type": "regression"` })))[0]!
      .score;
    const file = JSON.stringify({ activation_fn: "torch.nn.modules.linear.Identity", model_type: "CrossEncoder" });
    const folder = new Map([...(await folderOf(one)), ["config_sentence_transformers.json", new Blob([file])]]);
    const model = await RoFormer.load(folder);
    expect((await model.classify("the cat")).score).toBe(logit);
    const again = await RoFormer.load(await model.files());
    expect((await again.classify("the cat")).score).toBe(logit);
    for (const one of [model, again]) one.close();
  });
});

it("fine-tuning from a cross-encoder leaves its activation behind", async () => {
  const set = '"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity", "num_labels": 1';
  const encoder = await RoFormer.load(await folderOf({ ...classifier, rows: 1, set }));
  const init = join(temporaryFolder(), "m");
  await encoder.save(init);
  expect((await encoder.classify("the cat")).score).toBeLessThan(0);
  encoder.close();
  const train = ["good", "bad", "the cat", "a dog"].map((text, i) => ({ text, label: i % 2 ? "no" : "yes" }));
  const { model } = await finetune({ train, valid: train, text: "text", label: "label", init, epochs: 1 });
  const { scores } = await model.classify("the cat");
  expect(scores.yes! + scores.no!).toBeCloseTo(1, 6);
  model.close();
});

describe("architectures of another class", () => {
  it.each(["HF_ColBERT", "BertForNextSentencePrediction", "RoFormerForMaskedLM"])("%s needs a head", async (name) => {
    const folder = await folderOf({ ...classifier, set: `"architectures": ["${name}"]` });
    const error = await failure(folder);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(new RegExp(`^config\\.json: architectures names ${name}.*{ head: "base" }`));
    for (const one of ["base", head, "masked-lm"] as const) (await RoFormer.load(folder, { head: one })).close();
    (await RoFormer.load(folder, { config: { architectures: ["BertForSequenceClassification"] } })).close();
    expect((await inspect(folder)).config?.architectures).toEqual([name]);
  });

  it("lets a head begin fresh", async () => {
    const folder = await folderOf({ ...classifier, set: '"architectures": ["BertModel"]' });
    const model = await RoFormer.load(folder, { head: "multiple-choice", strict: false });
    expect(model.missing).toEqual([]);
    expect(model.mismatched.map(({ name }) => name)).toEqual(["classifier.weight", "classifier.bias"]);
    model.close();
  });

  it("tells the family where model_type is not there", async () => {
    const model = await RoFormer.load(await folderOf({ ...classifier, drop: ["model_type"] }));
    expect(model.config.model_type).toBe("bert");
    model.close();
    const error = await failure(await folderOf({ ...classifier, drop: ["model_type", "architectures"] }));
    expect(error.message).toMatch(/^config\.json: model_type is missing/);
  });
});

describe("weights", () => {
  it.each([
    "module.",
    "model.",
    "_orig_mod.",
    "module._orig_mod.",
    "_orig_mod.module.",
    "model.module.",
    "model._orig_mod.model.",
  ])("are found behind the prefix %s", async (prefix) => {
    for (const family of ["bert", "roformer"] as const) {
      const variant = { ...classifier, family };
      const wanted = await scoresOf(await folderOf(variant));
      expect(await scoresOf(await folderOf(variant, (name) => prefix + name))).toEqual(wanted);
      const bare = (name: string) => prefix + name.replace(`${family}.`, "");
      expect(await scoresOf(await folderOf(variant, bare))).toEqual(wanted);
    }
  });

  it("are found inside of wrapped layers", async () => {
    const inner = (name: string) => name.replace(/layer\.(\d+)\./, "layer.$1._checkpoint_wrapped_module._orig_mod.");
    expect(await scoresOf(await folderOf(classifier, inner))).toEqual(await scoresOf(await folderOf(classifier)));
  });

  it("have a pooler behind a prefix too", async () => {
    const load = async (prefix: string) => {
      const model = await RoFormer.load(await folderOf(classifier, (name) => prefix + name), { head: "base" });
      const vector = await model.embed("the cat", { pooling: "pooler" });
      model.close();
      return vector;
    };
    expect(await load("module.")).toEqual(await load(""));
  });

  it("with __metadata__ null load", async () => {
    const folder = await folderOf(classifier);
    const bytes = new Uint8Array(await folder.get("model.safetensors")!.arrayBuffer());
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    const old = '"__metadata__":{"format":"pt"}';
    expect(header).toContain(old);
    const changed = header.replace(old, '"__metadata__":null'.padEnd(old.length));
    folder.set("model.safetensors", new Blob([bytes.slice(0, 8), changed, bytes.slice(8 + length)]));
    expect(await scoresOf(folder)).toEqual(await scoresOf(await folderOf(classifier)));
  });

  it("of layers without some heads say so", async () => {
    const error = await failure(
      await folderOf({ ...classifier, set: '"hidden_size": 32, "pruned_heads": {"0": [1]}' }),
    );
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(/config\.json says pruned_heads \(1 in layer 0\)/);
  });
});

describe("what torch.save wrote", () => {
  const bin = (name: string) =>
    new Uint8Array(readFileSync(new URL(`../golden/configs/bins/${name}.bin`, import.meta.url)));
  const folder = async (name: string) => {
    const files = await withFile("pytorch_model.bin", bin(name));
    files.delete("model.safetensors");
    return files;
  };

  it.each(["numbers", "numbers-legacy", "lightning", "training"])("is read: %s", async (name) => {
    const embed = async (files: ReadonlyMap<string, Blob>) => {
      const model = await RoFormer.load(files, { head: "base" });
      const vector = await model.embed("the cat");
      model.close();
      return vector;
    };
    expect(await embed(await folder(name))).toEqual(await embed(await folderOf(classifier)));
  });

  it("is known under the other format's name", async () => {
    const error = await failure(await withFile("model.safetensors", bin("numbers")));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toBe("model.safetensors is a zip, as torch.save writes it: call it pytorch_model.bin");
  });

  it.each([
    [
      "whole-model",
      /holds an object of the class "transformers\.models\.bert\.modeling_bert\.BertModel".*model\.state_dict\(\)/,
    ],
    ["arguments", /"argparse\.Namespace".*model\.state_dict\(\)/],
    ["several", /several dictionaries of tensors, "student", "teacher"/],
  ])("is refused by what it is: %s", async (name, message) => {
    const error = await failure(await folder(name), { head: "base" });
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(/^pytorch_model\.bin: /);
    expect(error.message).toMatch(message);
  });
});

describe("what lies in a file's place", () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 438000000\n`;
  const pages = ["<!DOCTYPE html>\n<html><head>", "\n <html lang=en>", '<?xml version="1.0"?><Error/>'];

  it.each([
    ["model.safetensors", CheckpointError],
    ["model.safetensors.index.json", CheckpointError],
    ["pytorch_model.bin", CheckpointError],
    ["pytorch_model.bin.index.json", CheckpointError],
    ["config.json", ConfigError],
    ["config_sentence_transformers.json", ConfigError],
    ["tokenizer.json", DataError],
    ["vocab.txt", DataError],
    ["tokenizer_config.json", DataError],
    ["special_tokens_map.json", DataError],
    ["added_tokens.json", DataError],
  ])("is named: %s", async (file, kind) => {
    for (const content of [pointer, ...pages]) {
      const folder = await withFile(file, content);
      if (/index|bin/.test(file)) folder.delete("model.safetensors");
      const error = await failure(folder);
      expect(error).toBeInstanceOf(kind);
      const what = content === pointer ? "a Git LFS pointer" : "a web page";
      expect(error.message).toMatch(new RegExp(`^${file.replaceAll(".", "\\.")} is ${what}`));
    }
  });

  it("of a folder is a name of the hub, perhaps", async () => {
    for (const open of [RoFormer.load, Tokenizer.load, inspect]) {
      const error = await open("google-bert/bert-base-uncased").catch((error: Error) => error);
      expect((error as Error).message).toContain("did you mean hf:google-bert/bert-base-uncased?");
    }
    const here = join(temporaryFolder(), "owner/name");
    mkdirSync(here, { recursive: true });
    for (const path of [here, "./owner/name", "one/two/three", "/owner/name"])
      expect((await failure(path)).message).not.toContain("did you mean");
  });
});

describe("a table of positions beyond use", () => {
  it("is refused when a model is saved, by the field", async () => {
    const set = '"max_position_embeddings": 100000000';
    const model = await RoFormer.load(await folderOf({ ...classifier, family: "roformer", set }));
    const folder = temporaryFolder();
    await expect(model.save(join(folder, "m"))).rejects.toBeInstanceOf(ConfigError);
    await expect(model.files()).rejects.toThrow(
      /^save: max_position_embeddings is 100000000, not at most 8388608: .* 3\.0 GiB/,
    );
    model.close();
  });
});
