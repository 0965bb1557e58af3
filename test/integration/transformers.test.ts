import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { temporaryFolder } from "../process.js";

const tools = process.env.WASM_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "roformer-tools");
const python = join(tools, "oracle/bin/python");

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
const inputIds = [
  [1, 2, 3, 4],
  [5, 6, 7, 0],
];
const attentionMask = [
  [1, 1, 1, 1],
  [1, 1, 1, 0],
];

/** Loads a folder by its class in Python's `transformers`; prints what it computes, and every warning. */
const SCRIPT = `
import json, sys, torch, transformers
folder, name, ids, mask = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
config = transformers.AutoConfig.from_pretrained(folder)
model = getattr(transformers, name).from_pretrained(folder).eval()
with torch.no_grad():
    out = model(torch.tensor(ids), attention_mask=torch.tensor(mask))
print(json.dumps({"model_type": config.model_type, "out": out[0].flatten().tolist()}))
`;

async function transformers(folder: string, name: string): Promise<{ out: number[]; stderr: string }> {
  const args = ["-c", SCRIPT, folder, name, JSON.stringify(inputIds), JSON.stringify(attentionMask)];
  const { stdout, stderr } = await promisify(execFile)(python, args, {
    env: { ...process.env, HF_HUB_OFFLINE: "1", CUDA_VISIBLE_DEVICES: "" },
  });
  return { ...JSON.parse(stdout.trim().split("\n").at(-1)!), stderr };
}

describe("Python's transformers", () => {
  beforeEach((ctx) => {
    if (!existsSync(python)) ctx.skip("no Python oracle (.ci/run installs it)");
  });

  it.each([
    ["roformer", "masked-lm", "RoFormerForMaskedLM"],
    ["roformer", "sequence-classification", "RoFormerForSequenceClassification"],
    ["bert", "sequence-classification", "BertForSequenceClassification"],
    ["bert", "masked-lm", "BertForMaskedLM"],
  ] as const)(
    "loads our %s with the head %s without a warning, and computes the same",
    async (model_type, head, name) => {
      const folder = join(temporaryFolder(), "model");
      const model = RoFormer.create({ ...config, model_type }, { head, seed: 4 });
      await model.save(folder);
      const ours = model.forward({ inputIds, attentionMask }).logits!.data;
      const { out, stderr } = await transformers(folder, name);
      expect(stderr).not.toMatch(/newly initialized|not used|mismatch/);
      expect(out).toHaveLength(ours.length);
      const real = (i: number) => head !== "masked-lm" || i < 7 * 30; // the last token is padding
      const worst = Math.max(...out.map((x, i) => (real(i) ? Math.abs(x - ours[i]!) : 0)));
      expect(worst).toBeLessThan(2e-5 * Math.max(1, ...out.map(Math.abs))); // f32 on both sides
      model.close();
    },
  );

  it("refuses what it would compute differently", async () => {
    const folder = join(temporaryFolder(), "model");
    const model = RoFormer.create({ ...config, roformer_js: { position: "none" } }, { head: "masked-lm" });
    await model.save(folder);
    await expect(transformers(folder, "AutoModelForMaskedLM")).rejects.toThrow(/roformer_js/);
    model.close();
  });
}, 120_000);
