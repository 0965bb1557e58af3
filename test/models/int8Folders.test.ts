import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect, RoFormer } from "../../ts/index.js";
import { finetune, pretrain } from "../../ts/train/index.js";
import { smallModel, TEXTS } from "../pipelines/models.js";
import { temporaryFolder } from "../process.js";
import { createPool, session } from "../session/built.js";
import { sentenceCase, sentenceFiles } from "./sentenceFolders.js";

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);
const weights = (folder: string) => readFileSync(join(folder, "model.safetensors"));

/** A model of the head in f32, as `f32` makes of the int8 folder, and in int8. */
async function saved(head: "sequence-classification" | "masked-lm" | "base") {
  const folder = temporaryFolder();
  const [f32, int8] = [join(folder, "f32"), join(folder, "int8")];
  const model = await smallModel(head);
  await model.save(int8, { dtype: "int8" });
  model.close();
  const wide = await RoFormer.load(int8);
  await wide.save(f32);
  wide.close();
  return { folder, f32, int8 };
}

const rows = TEXTS.flatMap((text, i) => [0, 1, 2, 3].map(() => ({ text, label: i % 2 ? "yes" : "no" })));
const labeled = { train: rows, valid: rows, text: "text", label: "label", steps: 3, batch: 4, bagOfWords: false };

describe("a folder of int8 weights is trained as f32", () => {
  it.each([
    ["finetune", "base", (init: string, more: object) => finetune({ ...labeled, init, ...more } as never)],
    [
      "finetune with an adapter",
      "base",
      (init: string, more: object) => finetune({ ...labeled, init, lora: { r: 2 }, ...more } as never),
    ],
    [
      "pretrain",
      "masked-lm",
      (init: string, more: object) =>
        pretrain({
          ...{ objective: "mlm" as const, init, steps: 3, batch: 2, maxLength: 16 },
          data: [{ name: "a.txt", bytes: new TextEncoder().encode(`${TEXTS.join(". ")}.\n`.repeat(20)) }],
          ...more,
        }),
    ],
  ] as const)("%s", async (_, head, train) => {
    const { folder, f32, int8 } = await saved(head);
    const [messages, out] = [[] as string[], join(folder, "out")];
    const onMessage = (line: string) => void messages.push(line);
    const own = await train(int8, { out, onMessage });
    expect(messages).toContain(`${int8} has int8 weights, which are trained and saved as f32`);
    messages.length = 0;
    const other = await train(f32, { onMessage });
    expect(messages.join()).not.toContain("int8");
    for (const [i, one] of own.model.parameters().entries())
      expect(one.read()).toEqual(other.model.parameters()[i]!.read());
    const again = await RoFormer.load(out, { head: own.model.head } as object);
    expect(again.parameters().map((one) => one.read())).toEqual(own.model.parameters().map((one) => one.read()));
    // Merged into its base, an adapter can be int8.
    const merged = join(folder, "merged");
    await again.save(merged, { dtype: "int8", merge: true });
    const loaded = await RoFormer.load(merged, { int8: true });
    expect((await inspect(merged)).parameters).toBe(
      loaded.parameters().reduce((sum, one) => sum + one.read().length, 0),
    );
    for (const model of [own.model, other.model, again, loaded]) model.close();
  });
});

describe("a folder of int8 weights", () => {
  it("is loaded by sessions and pools, and made by a session's files", async () => {
    const { int8, f32 } = await saved("sequence-classification");
    const model = await RoFormer.load(f32, { int8: true, head: "sequence-classification" });
    const want = await model.classify(TEXTS);
    model.close();
    const asked = await session();
    const there = await asked.load(int8, { int8: true, head: "sequence-classification" });
    expect(await there.classify(TEXTS)).toEqual(want);
    const plain = await asked.load(f32);
    for (const made of [await there.files(), await plain.files({ dtype: "int8" })])
      expect(Buffer.from(await made.get("model.safetensors")!.arrayBuffer()).equals(weights(int8))).toBe(true);
    const pool = await createPool({ size: 2, threads: 1 });
    try {
      const pooled = await pool.load(int8, { int8: true, head: "sequence-classification" });
      expect(await Promise.all(TEXTS.map((text) => pooled.classify(text)))).toEqual(want);
    } finally {
      await pool.close();
    }
  });

  it("keeps what sentence-transformers needs, and embeds alike", async () => {
    const folder = join(temporaryFolder(), "int8");
    const plain = await RoFormer.load(sentenceFiles(sentenceCase("Dense")));
    await plain.save(folder, { dtype: "int8" });
    const [want, got] = [
      await RoFormer.load(sentenceFiles(sentenceCase("Dense")), { int8: true }),
      await RoFormer.load(folder, { int8: true }),
    ];
    expect(got.sentences).toEqual(plain.sentences);
    expect(await got.embed(TEXTS)).toEqual(await want.embed(TEXTS));
    for (const model of [plain, want, got]) model.close();
  });

  it("is small: 3 layers of 384 and 16,000 pieces in 12 MB, and in 24 MB as bf16", async () => {
    const folder = temporaryFolder();
    const sizes = {
      num_hidden_layers: 3,
      num_attention_heads: 12,
      intermediate_size: 1536,
      max_position_embeddings: 512,
    };
    const model = RoFormer.create({ vocab_size: 16000, hidden_size: 384, ...sizes }, { head: "base", seed: 1 });
    const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((size, n) => size * n, 1), 0);
    for (const [dtype, limit, bytes] of [
      ["int8", 12e6, 1],
      ["bf16", 24e6, 2],
    ] as const) {
      await model.save(join(folder, dtype), { dtype });
      const { size } = statSync(join(folder, dtype, "model.safetensors"));
      expect(size).toBeLessThan(limit);
      expect(size).toBeGreaterThan(bytes * parameters);
      expect(size).toBeLessThan(1.015 * bytes * parameters);
    }
    // Rows of the embeddings lie across the pieces in which files are read.
    const [rounded, again] = [
      await RoFormer.load(join(folder, "int8")),
      await RoFormer.load(join(folder, "int8"), { int8: true }),
    ];
    const [name] = model
      .parameters()
      .map((one) => one.name)
      .filter((one) => one.endsWith("word_embeddings.weight"));
    const [exact, ...others] = [model, rounded, again].map((one) =>
      one
        .parameters()
        .find((own) => own.name === name)!
        .read(),
    );
    expect(Buffer.compare(bytesOf(others[0]!), bytesOf(others[1]!))).toBe(0);
    const worst = exact!.reduce((most, x, i) => Math.max(most, Math.abs(x - others[0]![i]!)), 0);
    const largest = exact!.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(worst).toBeLessThanOrEqual((0.5 + 1e-5) * (largest / 127) * (1 + 2 ** -16));
    for (const one of [model, rounded, again]) one.close();
  });
});
