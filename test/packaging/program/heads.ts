// Models by their heads, options that are undefined, and misuse that does not compile. It is compiled, and not run.
import {
  AdamW,
  type AnswerOptions,
  type ClassifyOptions,
  type CreateOptions,
  type EmbedOptions,
  type EncodeOptions,
  type EngineOptions,
  type FillMaskOptions,
  type ForwardOptions,
  type GradientOptions,
  type HeadName,
  type LanguageModelOutput,
  type LoadOptions,
  type ModelInputs,
  type ModelOutput,
  type QuestionAnsweringOutput,
  RoFormer,
  type SaveOptions,
  type SearchOptions,
  type TagTokensOptions,
  type TensorData,
} from "roformer";
import { createPool, createSession, type PoolOptions, type SessionModel, type SessionOptions } from "roformer/session";
import {
  type EvaluateOptions,
  evaluate,
  type FinetuneOptions,
  finetune,
  type PretrainOptions,
  pretrain,
  type ReadOptions,
  type TrainTokenizerOptions,
} from "roformer/train";

const inputs: ModelInputs = { inputIds: [[1, 2]] };

export async function outputs(path: string, head: HeadName): Promise<void> {
  const reader = RoFormer.create({}, { head: "question-answering" });
  const found: QuestionAnsweringOutput = reader.forward(inputs);
  const both: TensorData[] = [found.startLogits, found.endLogits];
  // @ts-expect-error: it has starts and ends
  reader.forward(inputs).logits;
  // @ts-expect-error: there is no loss without the answers' places
  reader.valueAndGrad({ inputIds: [[1, 2]] });
  reader.valueAndGrad({ inputIds: [[1, 2]], startPositions: [0], endPositions: [1] });

  const guesser = await RoFormer.load(path, { head: "masked-lm" });
  const logits: TensorData = guesser.forward(inputs).logits;
  const named: "masked-lm" = guesser.head;
  // @ts-expect-error: it has no starts
  guesser.forward(inputs).startLogits;

  const base = RoFormer.create({}, { seed: 1 });
  const pooled: TensorData | undefined = base.forward(inputs).poolerOutput;
  // @ts-expect-error: a base model has no logits
  base.forward(inputs).logits;

  const any: RoFormer = await RoFormer.load(path);
  const maybe: TensorData | undefined = any.forward(inputs).logits;
  // @ts-expect-error: it may be of another head
  any.forward(inputs).logits.data;
  const several: RoFormer[] = [reader, guesser, base, RoFormer.create({}, { head })];
  // @ts-expect-error: it answers no questions
  const wrong: RoFormer<"question-answering"> = guesser;
  const mixed: ModelOutput = RoFormer.create({}, { head: head as "base" | "masked-lm" }).forward(inputs);
  new AdamW(guesser);
  console.log(both, logits, named, pooled, maybe, several, wrong, mixed);
}

export async function elsewhere(path: string): Promise<void> {
  const session = await createSession();
  const made = await session.create({}, { head: "token-classification" });
  const tags: TensorData = (await made.forward(inputs)).logits;
  const reader: SessionModel<"question-answering"> = await session.load(path, { head: "question-answering" });
  const ends: TensorData = (await reader.forward(inputs)).endLogits;
  // @ts-expect-error: it has starts and ends
  (await reader.forward(inputs)).logits;
  const model: SessionModel = await session.load(path);
  const maybe: TensorData | undefined = (await model.forward(inputs)).logits;
  const pool = await createPool();
  const pooled = await pool.load(path, { head: "multiple-choice" });
  const scores: TensorData = (await pooled.forward(inputs)).logits;
  session.worker.terminate();
  console.log(tags, ends, maybe, scores);
}

interface Ticket {
  body: string;
  label: string;
  note: string | null;
  tags: readonly string[];
}

export async function rows(train: Ticket[]): Promise<void> {
  const { model } = await finetune({ train, valid: train, text: "body", label: "label" });
  const logits: TensorData = model.forward(inputs).logits;
  await evaluate(model, { data: train, text: "body", label: "label" });
  const guesser = await pretrain({ objective: "mlm", data: "a.txt" });
  const output: LanguageModelOutput = guesser.model.forward(inputs);
  console.log(logits, output);
  // @ts-expect-error: texts alone have no columns
  await finetune({ train: ["a", "b"], text: "body", label: "label" });
  // @ts-expect-error: a typing mistake
  await finetune({ train, text: "body", label: "label", epohs: 3 });
  // @ts-expect-error: a typing mistake
  await createSession({ thread: 1 });
  // @ts-expect-error: a typing mistake
  await model.classify("a", { maxlength: 3 });
  // @ts-expect-error: not a head
  await RoFormer.load("a", { head: "masked" });
}

type Optional<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];
/** `true` where undefined may stand for every option that may be absent; else the names of those that refuse it. */
type Refusing<T> = { [K in Optional<T>]: { [P in K]: undefined } extends Pick<T, K> ? never : K }[Optional<T>];
const none = <T>(...refusing: [Refusing<T>] extends [never] ? [] : [Refusing<T>]): number => refusing.length;
export const refusing = [
  none<AnswerOptions>(),
  none<ClassifyOptions>(),
  none<CreateOptions>(),
  none<EmbedOptions>(),
  none<EncodeOptions>(),
  none<EngineOptions>(),
  none<EvaluateOptions>(),
  none<FillMaskOptions>(),
  none<FinetuneOptions>(),
  none<ForwardOptions>(),
  none<GradientOptions>(),
  none<LoadOptions>(),
  none<ModelInputs>(),
  none<PoolOptions>(),
  none<PretrainOptions>(),
  none<ReadOptions>(),
  none<SaveOptions>(),
  none<SearchOptions>(),
  none<SessionOptions>(),
  none<TagTokensOptions>(),
  none<TrainTokenizerOptions>(),
  // @ts-expect-error: which shows that what refuses it does not compile
  none<{ a?: number }>(),
];
