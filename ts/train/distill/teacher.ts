import { ConfigError } from "../../errors.js";
import type { FileSource } from "../../io/files.js";
import { hashOf } from "../../io/hashes.js";
import type { HeadName } from "../../nn/heads/index.js";
import { RoFormer } from "../../roformer.js";
import { bytesOf } from "../checkpoint/hash.js";
import type { DistillLoss } from "../settings/distill.js";

/** Heads whose logits a student can learn. */
const WITH_LOGITS: readonly HeadName[] = ["sequence-classification", "masked-lm"];

/** A teacher, and what a student learns from it. */
export interface Teacher {
  readonly model: RoFormer;
  readonly loss: DistillLoss;
}

/** The default loss, by the teacher's head. */
const usualLoss = (head: HeadName): DistillLoss =>
  WITH_LOGITS.includes(head) ? "logits" : head === "base" ? "vectors" : "hidden";

/** Loads a teacher with the head that the loss needs. Errors: ConfigError for a teacher without it, and those of `RoFormer.load`. */
export async function loadTeacher(
  source: FileSource | undefined,
  wanted: DistillLoss | undefined,
  signal: AbortSignal | undefined,
): Promise<Teacher> {
  if (source === undefined) throw new ConfigError("distill: teacher is missing: a model's folder, URL or files");
  const needsBase = wanted === "vectors" || wanted === "contrastive";
  const model: RoFormer = await RoFormer.load(source, { signal, ...(needsBase && { head: "base" as const }) });
  try {
    const loss = wanted ?? usualLoss(model.head);
    if (loss === "logits" && !WITH_LOGITS.includes(model.head))
      throw new ConfigError(
        `loss "logits" needs a teacher with the head ${WITH_LOGITS.join(" or ")}; this one's is ${model.head}`,
      );
    if (!model.tokenizer) throw new ConfigError("distill: the teacher has no tokenizer.json or vocab.txt");
    if (model.head === "masked-lm" && loss === "logits" && model.tokenizer.maskTokenId === undefined)
      throw new ConfigError('loss "logits" needs a tokenizer with a mask token, to hide tokens that are guessed');
    const { problem } = model.sentences ?? {};
    if (needsVectors(loss) && problem !== undefined) throw new ConfigError(`distill: ${problem}`);
    if (model.lora) await model.mergeLora();
    return { model, loss };
  } catch (error) {
    model.close();
    throw error;
  }
}

/** Whether a loss compares text vectors. */
export const needsVectors = (loss: DistillLoss): boolean => loss === "vectors" || loss === "contrastive";

/** A hash of all that a teacher's outputs follow from, but for the texts. */
export function identityOf({ config, head, tokenizer, sentenceModel, store }: RoFormer): Promise<string> {
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  function* pieces() {
    yield text([config, head]);
    for (const [name, bytes] of [...(sentenceModel?.files ?? []), ...tokenizer!.files()]) {
      yield text([name, bytes.length]);
      yield bytes;
    }
    for (const parameter of store.saved) {
      yield text([parameter.name, parameter.shape]);
      yield bytesOf(parameter.read());
    }
  }
  return hashOf(pieces());
}
