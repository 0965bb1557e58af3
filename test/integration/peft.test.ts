import { execFile, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type HeadName,
  type LoraSettings,
  type ModelInputs,
  RoFormer,
  type RoFormerConfigInput,
} from "../../ts/index.js";
import { TrainStep } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";

const tools = process.env.WASM_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "roformer-tools");
const python = join(tools, "oracle/bin/python");
const hasPeft = existsSync(python) && spawnSync(python, ["-c", "import peft"]).status === 0;

/** Loads an adapter with its base in `peft`, computes in f64, trains a step in f32 and saves it again. */
const SCRIPT = `
import json, sys, torch, transformers
from peft import PeftModel
base, adapter, name, inputs, again = sys.argv[1], sys.argv[2], sys.argv[3], json.load(open(sys.argv[4])), sys.argv[5]
cls = getattr(transformers, name)
config = transformers.AutoConfig.for_model(**json.load(open(adapter + "/model_config.json")))
load = lambda: PeftModel.from_pretrained(cls.from_pretrained(base, config=config), adapter, is_trainable=True)
tensors = {k: torch.tensor(v) for k, v in inputs.items()}
values = lambda model: {k: v.flatten().tolist() for k, v in model.double().eval()(**tensors).items() if torch.is_tensor(v)}
model = load()
first = values(model)
model = load().eval()
optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.5)
model(**tensors).loss.backward()
optimizer.step()
model.save_pretrained(again)
print(json.dumps({"first": first, "second": values(model), "release": __import__("peft").__version__}))
`;

type Values = Record<string, number[]>;
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function peft(base: string, adapter: string, name: string, inputs: object, again: string) {
  const file = `${adapter}-inputs.json`;
  writeFileSync(file, JSON.stringify(Object.fromEntries(Object.entries(inputs).map(([k, v]) => [snake(k), v]))));
  const { stdout, stderr } = await promisify(execFile)(python, ["-c", SCRIPT, base, adapter, name, file, again], {
    env: { ...process.env, HF_HUB_OFFLINE: "1", CUDA_VISIBLE_DEVICES: "" },
    maxBuffer: 2 ** 27,
  });
  const found = JSON.parse(stdout.trim().split("\n").at(-1)!) as { first: Values; second: Values; release: string };
  return { ...found, stderr };
}

const config: RoFormerConfigInput = {
  ...{ vocab_size: 30, hidden_size: 12, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 16 },
  ...{ max_position_embeddings: 24, initializer_range: 0.2, id2label: { "0": "no", "1": "yes", "2": "maybe" } },
};
const inputIds = [
  [1, 2, 3, 4],
  [5, 6, 7, 8],
];
const labels = [
  [1, -100, 2, 0],
  [0, 2, -100, 1],
];

/** Head, its class without the family, inputs, settings, and the head of the base that is saved. */
const CASES: readonly (readonly [HeadName, string, ModelInputs, LoraSettings, HeadName])[] = [
  ["sequence-classification", "ForSequenceClassification", { inputIds, labels: [2, 0] }, {}, "masked-lm"],
  [
    "sequence-classification",
    "ForSequenceClassification",
    { inputIds, labels: [2, 0] },
    { targetModules: "all-linear", useRslora: true, r: 3, bias: "lora_only" },
    "sequence-classification",
  ],
  ["token-classification", "ForTokenClassification", { inputIds, labels }, { targetModules: "all-linear" }, "base"],
  [
    "question-answering",
    "ForQuestionAnswering",
    { inputIds, startPositions: [1, 0], endPositions: [2, 3] },
    { targetModules: ["key", "dense"], layersToTransform: 1, rankPattern: { key: 2 }, alphaPattern: { dense: 7 } },
    "base",
  ],
  [
    "masked-lm",
    "ForMaskedLM",
    { inputIds, labels },
    { targetModules: ".*(query|transform\\.dense)", bias: "all", modulesToSave: ["transform.LayerNorm"] },
    "masked-lm",
  ],
  [
    "multiple-choice",
    "ForMultipleChoice",
    { inputIds: [inputIds], labels: [1] },
    { excludeModules: ["layer.0.attention.self.query"] },
    "masked-lm",
  ],
];
const cases = CASES.flatMap(([head, name, ...rest]) => [
  ["roformer", head, `RoFormer${name}`, ...rest] as const,
  ["bert", head, `Bert${name}`, ...rest] as const,
]);

/** Largest difference, relative to the largest number. */
function away(got: ArrayLike<number>, want: readonly number[]): number {
  expect(got.length).toBe(want.length);
  return Math.max(...want.map((value, i) => Math.abs(got[i]! - value))) / Math.max(1, ...want.map(Math.abs));
}

function expectValues(model: RoFormer, inputs: ModelInputs, want: Values): void {
  const { loss, ...outputs } = model.forward(inputs) as unknown as { loss: number } & Record<
    string,
    { data: Float32Array }
  >;
  expect(Math.abs(loss - want.loss![0]!)).toBeLessThan(2e-5);
  for (const [key, { data }] of Object.entries(outputs))
    if (want[snake(key)]) expect(away(data, want[snake(key)]!), key).toBeLessThan(2e-5);
  expect(Object.keys(want).length).toBeGreaterThan(1);
}

describe("Python's peft", () => {
  beforeEach((ctx) => {
    if (!hasPeft) ctx.skip("no Python oracle with peft");
  });

  it.each(cases)(
    "loads our adapter of a %s with the head %s (%s), computes the same, and its own loads here",
    async (model_type, head, name, inputs, settings, baseHead) => {
      const folder = temporaryFolder();
      const [base, adapter] = [join(folder, "base"), join(folder, "adapter")];
      const whole = RoFormer.create({ ...config, model_type }, { head: baseHead, seed: 4 }) as RoFormer;
      await whole.save(base);
      whole.close();
      const model = await RoFormer.load(base, { head, strict: false });
      await model.addLora({ r: 4, ...settings });
      const step = new TrainStep(model, { seed: 0, schedule: () => 0.05 });
      const packed = { tokens: Int32Array.from(inputIds.flat()), offsets: Int32Array.of(0, 4, 8) };
      const positions = Int32Array.from(inputIds.flat(), (_, i) => i % 4);
      const spans = { starts: Int32Array.of(1, 0), ends: Int32Array.of(2, 3) };
      const choices = head === "multiple-choice" ? 2 : 1;
      const targets = {
        tokens: Int32Array.from(labels.flat()),
        sequences: choices === 2 ? [1] : [2, 0],
        spans,
      };
      for (let i = 0; i < 3; i++)
        step.run({ packed: { ...packed, positions, types: new Int32Array(8), choices }, targets });
      step.free();
      await model.save(adapter);

      const { first, second, release, stderr } = await peft(base, adapter, name, inputs, `${adapter}-again`);
      expect(stderr).not.toMatch(/missing adapter keys/);
      expectValues(model, inputs, first);
      model.close();
      // Releases up to 0.20 leave the biases of "lora_only" out of the files that they save.
      if (settings.bias === "lora_only" && Number(release.split(".")[1]) <= 20 && release.startsWith("0.")) return;
      const back = await RoFormer.load(`${adapter}-again`, { head, config: { id2label: config.id2label! } });
      expectValues(back, inputs, second);
      back.close();
    },
  );
}, 120_000);
