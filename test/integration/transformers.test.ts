import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { type HeadName, type ModelInputs, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { temporaryFolder } from "../process.js";

const tools = process.env.WASM_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "roformer-tools");
const python = join(tools, "oracle/bin/python");

/**
 * Loads a folder by its class in Python's `transformers`, computes outputs, loss and gradients in f64, and saves it again as
 * Python does. Inputs have Hugging Face's names.
 */
const SCRIPT = `
import json, sys, torch, transformers
folder, name, inputs, again = sys.argv[1], sys.argv[2], json.load(open(sys.argv[3])), sys.argv[4]
model = getattr(transformers, name).from_pretrained(folder)
model.save_pretrained(again)
model = model.double().eval()
tensors = {k: torch.tensor(v) for k, v in inputs.items()}
tensors = {k: v.double() if v.is_floating_point() else v for k, v in tensors.items()}
out = model(**tensors, output_hidden_states=True)
if getattr(out, "loss", None) is not None:
    out.loss.backward()
values = {k: v.flatten().tolist() for k, v in out.items() if torch.is_tensor(v)}
values["last_hidden_state"] = out.hidden_states[-1].flatten().tolist()
gradients = {k: p.grad.flatten().tolist() for k, p in model.named_parameters() if p.grad is not None}
print(json.dumps({"values": values, "gradients": gradients}))
`;

interface Computed {
  readonly values: Record<string, number[]>;
  readonly gradients: Record<string, number[]>;
  readonly stderr: string;
}

/** Hugging Face's name of an input or output: `startLogits` is `start_logits`. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function transformers(folder: string, name: string, inputs: object, again: string): Promise<Computed> {
  const file = `${folder}-inputs.json`;
  writeFileSync(file, JSON.stringify(Object.fromEntries(Object.entries(inputs).map(([k, v]) => [snake(k), v]))));
  const { stdout, stderr } = await promisify(execFile)(python, ["-c", SCRIPT, folder, name, file, again], {
    env: { ...process.env, HF_HUB_OFFLINE: "1", CUDA_VISIBLE_DEVICES: "" },
    maxBuffer: 2 ** 27,
  });
  return { ...JSON.parse(stdout.trim().split("\n").at(-1)!), stderr };
}

const config: RoFormerConfigInput = {
  vocab_size: 30,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 24,
  initializer_range: 0.2,
  id2label: { "0": "no", "1": "yes", "2": "maybe" },
  label2id: { no: 0, yes: 1, maybe: 2 },
};
// Without padding, which has a say in some of Python's results (test/models/golden.test.ts is for that).
const inputIds = [
  [1, 2, 3, 4],
  [5, 6, 7, 8],
];
const tokenTypeIds = [
  [0, 0, 1, 1],
  [0, 1, 1, 1],
];
const tokens = { inputIds, tokenTypeIds };
const labels = [
  [1, -100, 2, 0],
  [0, 2, -100, 1],
];
const decoder = { is_decoder: true, add_cross_attention: true };
const states = Array.from({ length: 2 }, (_, b) =>
  Array.from({ length: 3 }, (_, s) => Array.from({ length: 12 }, (_, i) => Math.fround(Math.sin(b + 2 * s + 0.7 * i)))),
);

/** What is tried with each head: how its class is called in either family, and inputs with labels. */
const heads: readonly [HeadName, roformer: string, bert: string, ModelInputs, RoFormerConfigInput?][] = [
  ["base", "RoFormerModel", "BertModel", tokens],
  ["masked-lm", "RoFormerForMaskedLM", "BertForMaskedLM", { ...tokens, labels }],
  ["causal-lm", "RoFormerForCausalLM", "BertLMHeadModel", { ...tokens, labels }],
  [
    "causal-lm",
    "RoFormerForCausalLM",
    "BertLMHeadModel",
    { ...tokens, labels, encoderHiddenStates: { data: Float32Array.from(states.flat(2)), shape: [2, 3, 12] } },
    decoder,
  ],
  [
    "sequence-classification",
    "RoFormerForSequenceClassification",
    "BertForSequenceClassification",
    { ...tokens, labels: [2, 0] },
  ],
  ["token-classification", "RoFormerForTokenClassification", "BertForTokenClassification", { ...tokens, labels }],
  [
    "question-answering",
    "RoFormerForQuestionAnswering",
    "BertForQuestionAnswering",
    { ...tokens, startPositions: [1, 0], endPositions: [2, 3] },
  ],
  [
    "multiple-choice",
    "RoFormerForMultipleChoice",
    "BertForMultipleChoice",
    { inputIds: [inputIds], tokenTypeIds: [tokenTypeIds], labels: [1] },
  ],
];

const cases = heads.flatMap(([head, roformer, bert, inputs, change = {}]) => [
  ["roformer", head, roformer, inputs, change] as const,
  ["bert", head, bert, inputs, change] as const,
]);

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((a, x) => Math.max(a, Math.abs(x)), 0);
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length ? largest(Array.from(a, (x, i) => x - b[i]!)) : Number.POSITIVE_INFINITY;

describe("Python's transformers", () => {
  beforeEach((ctx) => {
    if (!existsSync(python)) ctx.skip("no Python oracle (.ci/run installs it)");
  });

  it.each(cases)(
    "loads our %s with the head %s without a warning, computes the same with the same gradients, and is loaded back",
    async (model_type, head, name, inputs, change) => {
      const folder = join(temporaryFolder(), "model");
      const model = RoFormer.create({ ...config, ...change, model_type }, { head, seed: 4 });
      await model.save(folder);
      const { encoderHiddenStates, ...rest } = inputs;
      const given = { ...rest, ...(encoderHiddenStates && { encoderHiddenStates: states }) };
      const { values, gradients, stderr } = await transformers(folder, name, given, `${folder}-again`);
      expect(stderr).not.toMatch(/newly initialized|not used|mismatch/);

      const ours = model.forward(inputs);
      const { loss, hiddenStates, ...outputs } = ours;
      for (const [key, tensor] of Object.entries(outputs) as [string, { data: Float32Array }][]) {
        const want = values[snake(key)]!;
        expect(distance(tensor.data, want), key).toBeLessThan(2e-5 * Math.max(1, largest(want)));
      }
      if (head !== "base") {
        expect(Math.abs(loss! - values.loss![0]!)).toBeLessThan(2e-5);
        const found = model.valueAndGrad(inputs).gradients;
        const floor = 0.01 * Math.max(...Object.values(gradients).map(largest));
        expect([...found.keys()].sort()).toEqual(Object.keys(gradients).sort());
        for (const [key, want] of Object.entries(gradients)) {
          const unit = 1e-4 * Math.max(floor, largest(want)); // f32 on our side
          expect(distance(found.get(key)!.data, want), key).toBeLessThan(unit);
        }
      }

      const back = await RoFormer.load(`${folder}-again`);
      expect(back.head).toBe(head);
      expect(back.unexpected).toEqual([]);
      const theirs = new Map(back.parameters().map((one) => [one.name, one.read()]));
      for (const one of model.parameters()) expect([...theirs.get(one.name)!], one.name).toEqual([...one.read()]);
      for (const one of [model, back]) one.close();
    },
  );

  it("computes what our UniLM mask does, given the mask as a matrix", async () => {
    const folder = join(temporaryFolder(), "model");
    const model = RoFormer.create(config, { seed: 4 });
    await model.save(folder);
    // RoFormer-Sim's rule: i sees j where the sum of token types up to j is no larger than that up to i.
    const sums = tokenTypeIds.map((types) => types.map((_, t) => types.slice(0, t + 1).reduce((a, b) => a + b, 0)));
    const attentionMask = sums.map((c) => c.map((i) => c.map((j) => (j <= i ? 1 : 0))));
    const { values } = await transformers(folder, "RoFormerModel", { ...tokens, attentionMask }, `${folder}-again`);
    const { data } = model.forward(tokens, { maskType: "unilm" }).lastHiddenState;
    expect(distance(data, values.last_hidden_state!)).toBeLessThan(2e-5);
    expect(distance(model.forward(tokens).lastHiddenState.data, values.last_hidden_state!)).toBeGreaterThan(0.01);
    const wrong = { inputIds, tokenTypeIds: [[0, 1, 0, 1], tokenTypeIds[1]!] };
    expect(() => model.forward(wrong, { maskType: "unilm" })).toThrow(
      /token type 2 of sequence 0 is 0, not 0 … 0 1 … 1/,
    );
    model.close();
  });

  it("refuses what it would compute differently", async () => {
    const folder = join(temporaryFolder(), "model");
    const model = RoFormer.create({ ...config, roformer_js: { position: "none" } }, { head: "masked-lm" });
    await model.save(folder);
    const refused = transformers(folder, "AutoModelForMaskedLM", tokens, `${folder}-again`);
    await expect(refused).rejects.toThrow(/roformer_js/);
    model.close();
  });
}, 120_000);
