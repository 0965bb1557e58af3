// Whoever uses every entry in TypeScript. It is compiled, and not run.
import {
  AdamW,
  type Classification,
  ConfigError,
  convert,
  type Diagnosis,
  doctor,
  type EngineOptions,
  type FileSource,
  init,
  inspect,
  memory,
  RoFormer,
  RoFormerError,
  Tokenizer,
} from "roformer";
import { createSession as createInlined, RoFormer as Inlined, finetune as inlinedFinetune } from "roformer/inline";
import * as nn from "roformer/nn";
import { createPool, createSession, type Session, type SessionModel, transfer } from "roformer/session";
import { evaluate, type FinetuneResult, finetune, metrics, pretrain, schedules, trainTokenizer } from "roformer/train";
import roformer from "roformer/vite";
import "roformer/worker";

const options: EngineOptions = {
  threads: "auto",
  variant: "simd",
  wasm: new URL("roformer/wasm/simd/core_bg.wasm", "https://example.org"),
};

export async function models(source: FileSource): Promise<Classification[]> {
  await init(options);
  const { variant, threads }: Diagnosis = await doctor();
  const model = await RoFormer.load(source, { int8: true });
  const ids: readonly number[] = (await Tokenizer.load(source)).encode("a joy").ids;
  const small = RoFormer.create({ vocab_size: 8, hidden_size: 16 }, { head: "masked-lm", seed: 1 });
  const optimizer = new AdamW(small, { lr: 1e-3 });
  const { loss, gradients } = small.valueAndGrad({ inputIds: [[...ids]], labels: [[-100]] });
  const data: Float32Array | undefined = gradients.get("cls.predictions.bias")?.data;
  const { gradNorm } = optimizer.step();
  optimizer.free();
  await convert("a", "b", { from: "bert" });
  const { tensors } = await inspect("a");
  console.log(variant, threads, loss, data, gradNorm, tensors.length, memory());
  try {
    return await model.classify(["a joy"], { pairs: ["a bore"] });
  } catch (error) {
    if (error instanceof ConfigError || error instanceof RoFormerError) console.log(error.code, error.cause);
    throw error;
  } finally {
    model.close();
  }
}

export async function training(): Promise<number> {
  const rows = [{ text: "a joy", label: "yes" }];
  const result: FinetuneResult = await finetune({
    ...{ train: rows, text: "text", label: "label", steps: 1, signal: new AbortController().signal },
    onProgress: ({ step, loss }) => console.log(step, loss),
  });
  const { metrics: scores } = await evaluate(result.model, { data: rows, text: "text", label: "label" });
  await trainTokenizer({ kind: "wordpiece", lines: ["a joy"], vocabSize: 20 });
  console.log(pretrain.name, Object.keys(schedules), Object.keys(metrics), Object.keys(nn), inlinedFinetune.name);
  return "accuracy" in scores ? scores.accuracy : "loss" in scores ? scores.loss : 0;
}

export async function sessions(worker: () => Worker): Promise<void> {
  await using session: Session = await createSession({ threads: 2, worker });
  await using model: SessionModel = await session.create({ vocab_size: 8 }, { head: "base" });
  const { shape } = (await model.forward({ inputIds: [[1]] })).lastHiddenState;
  const pool = await createPool({ size: 2 });
  for await (const length of pool.map(["a"], async (text) => text.length)) console.log(length, shape);
  await pool.close();
  await (await createInlined()).close();
  const moved: ArrayBuffer = transfer(new ArrayBuffer(1), []);
  console.log(Inlined.name, moved);
}

export const plugins = [roformer({ isolate: false })];
