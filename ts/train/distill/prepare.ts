import { ConfigError, DataError } from "../../errors.js";
import { hashOf } from "../../io/hashes.js";
import { parts as partsOf } from "../../models/families.js";
import type { HeadName } from "../../nn/heads/index.js";
import { platform } from "../../platform/index.js";
import type { RoFormer } from "../../roformer.js";
import { totalSize } from "../../tensor/tensor.js";
import { recordOf } from "../record.js";
import type { Prepared } from "../run.js";
import { DISTILL_SETTINGS, type ResolvedDistill, resolveDistill } from "../settings/distill.js";
import { checkSettings } from "../settings/rules.js";
import { unstarted } from "../stopped.js";
import { findBases } from "./bases.js";
import { openCache } from "./cache.js";
import { type DistillScores, distillCourse, type Learned } from "./course.js";
import { chosenLayers } from "./layers.js";
import { type ObjectiveParts, objectiveOf } from "./objectives/index.js";
import type { Objective } from "./objectives/objective.js";
import type { DistillOptions } from "./options.js";
import { TeacherOutputs } from "./outputs.js";
import { type Reading, readingsOf, withHidden } from "./readings.js";
import { readValid, type ValidScore } from "./scored.js";
import { type Speeds, speedsOf } from "./speed.js";
import { checkStudent, createStudent } from "./student.js";
import { identityOf, loadTeacher, needsVectors, type Teacher } from "./teacher.js";
import { holdOutTexts, readTextsOf, type Text } from "./texts.js";
import { chosenPieces } from "./vocabulary.js";

/** What is known of a teacher when it is no longer needed. */
export interface TeacherFacts {
  readonly parameters: number;
  /** Its score on labeled rows, if there are any. */
  readonly valid: ValidScore | undefined;
  readonly speeds: Speeds;
  /** What its configuration says of dropout, which the student is saved with. */
  readonly dropout: Readonly<Record<string, number | null | undefined>>;
}

/** A distillation that is ready to begin. */
export interface PreparedDistill extends Prepared<HeadName, DistillScores> {
  readonly facts: TeacherFacts;
}

/** Texts whose speed is measured. */
const TIMED = 256;

/** Reads the texts, makes the student, and computes what the teacher makes of the texts. Errors: those of `distill`. */
export async function prepare(options: DistillOptions): Promise<PreparedDistill> {
  checkSettings("distill: ", options, DISTILL_SETTINGS);
  const settings = resolveDistill(options);
  if (options.cache !== undefined && !platform.isNode)
    throw new ConfigError("cache is a folder's path, which a page does not have: leave it out to use memory");
  const texts = await readTextsOf({ ...options, ...settings });
  const teacher = await loadTeacher(options.teacher, options.loss, options.signal);
  try {
    return await withTeacher(teacher, texts, settings, options);
  } finally {
    teacher.model.close();
  }
}

async function withTeacher(
  given: Teacher,
  texts: readonly Text[],
  settings: ResolvedDistill,
  options: DistillOptions,
): Promise<PreparedDistill> {
  const pupil = await makePupil(given, texts, settings, options);
  try {
    return await taught(pupil, readAll(pupil, texts, settings), settings, options);
  } catch (error) {
    pupil.student.close();
    throw error;
  }
}

/** A student, its teacher, and what it learns. */
interface Pupil extends ObjectiveParts {
  readonly objective: Objective;
  /** Whether second texts are read by the other model. */
  readonly isCrossed: boolean;
  readonly score: Awaited<ReturnType<typeof readValid>> | undefined;
}

/** Makes the student. Errors: ConfigError for one that the teacher cannot have. */
async function makePupil(
  { model: teacher, loss }: Teacher,
  texts: readonly Text[],
  settings: ResolvedDistill,
  options: DistillOptions,
): Promise<Pupil> {
  const { position, dropout, maxLength } = settings;
  const { hidden_size, num_hidden_layers } = teacher.config;
  const isCrossed = pairsAreCrossed(teacher, loss, options);
  checkStudent(teacher, settings);
  const layers = chosenLayers(num_hidden_layers, settings);
  const kept = keptPieces(teacher, texts, settings);
  const width = settings.width ?? hidden_size;
  if (width < hidden_size && loss === "hidden" && teacher.head !== "base")
    throw new ConfigError(
      `loss "hidden" does not train the head ${teacher.head}, which another width would change: leave width out`,
    );
  const { valid } = options;
  const score = valid === undefined ? undefined : await readValid(teacher, { ...options, valid });
  const bases = await findBases(teacher, texts, { width, makesVectors: needsVectors(loss), maxLength });
  const makesVectors = needsVectors(loss) || teacher.sentenceModel !== undefined;
  const plan = { layers, kept, width, basis: bases.states, makesVectors, position, dropout };
  const parts = { teacher, student: await createStudent(teacher, plan), loss, layers, kept, bases };
  for (const line of describe(teacher, parts.student, layers)) options.onMessage?.(line);
  return { ...parts, objective: objectiveOf(parts, settings), isCrossed, score };
}

/** The texts as both models read them. */
interface Readings {
  readonly train: readonly Reading[];
  readonly held: readonly Reading[];
}

/** Errors: DataError where there is nothing to learn from. */
function readAll(pupil: Pupil, texts: readonly Text[], { maxLength, seed }: ResolvedDistill): Readings {
  const { teacher, student, loss, kept, isCrossed } = pupil;
  const parts = holdOutTexts(texts, seed);
  const read = (some: readonly Text[], own: number): Reading[] => {
    const all = readingsOf(teacher, student, some, { maxLength, kept, isCrossed });
    if (loss !== "logits" || teacher.head !== "masked-lm") return all;
    const tokenizers = { teacher: teacher.tokenizer!, student: student.tokenizer! };
    return withHidden(all, tokenizers, own).filter(({ hidden }) => hidden.length > 0);
  };
  const readings = { train: read(parts.train, seed), held: read(parts.valid, seed + 1) };
  if (readings.train.length === 0 || readings.held.length === 0)
    throw new DataError("distill: no text has a token that both tokenizers have and that can be hidden");
  return readings;
}

/** The run of a student, after its teacher has computed. */
async function taught(
  pupil: Pupil,
  readings: Readings,
  settings: ResolvedDistill,
  options: DistillOptions,
): Promise<PreparedDistill> {
  const { teacher, student, objective, score, loss, layers } = pupil;
  const { onMessage = () => {}, signal } = options;
  const { seed, batchTokens, gradientAccumulationSteps: parts } = settings;
  const identity = await identityOf(teacher);
  const store = openCache(cacheOf(options));
  const learned = async (all: readonly Reading[]): Promise<Learned> => ({
    readings: all,
    outputs: await TeacherOutputs.of(all, { teacher, identity, objective, store, signal, onMessage }),
  });
  const [train, held] = [await learned(readings.train), await learned(readings.held)];
  if (signal?.aborted) throw unstarted(options);
  const facts = await factsOf(pupil, readings.train.slice(0, TIMED), signal);
  const ofStudent = score && ((own: AbortSignal | undefined) => score(student, { signal: own }));
  const course = distillCourse({ student, objective, train, held, seed, batchTokens, parts, score: ofStudent });
  const steps = options.steps ?? settings.epochs * course.perEpoch;
  const length = { steps, evalEvery: options.evalEvery ?? Math.ceil(steps / 10) };
  const { hidden_size: width, vocab_size: vocabSize } = student.config;
  const used = { ...settings, ...length, loss, layers: layers.length, keepLayers: layers, width, vocabSize };
  const split = { train: readings.train.length, valid: readings.held.length, heldOut: true };
  onMessage(
    `${split.train} texts to learn from, ${split.valid} held out; steps of ${batchTokens} tokens, loss ${loss}, ` +
      `learning rate ${settings.lr}, seed ${seed}`,
  );
  const batch = Math.max(1, Math.round(split.train / course.perEpoch / parts));
  return {
    ...{ model: student, course, facts, settings: { ...settings, ...length, batch } },
    record: recordOf(DISTILL_SETTINGS, seed, split, options, used),
    hashData: async () => ({
      teacher: identity,
      training: await hashReadings(readings.train),
      "held-out": await hashReadings(readings.held),
    }),
  };
}

/** What is known of a teacher; both models compute some texts for it. Errors: AbortError. */
async function factsOf(
  { teacher, student, score }: Pupil,
  timed: readonly Reading[],
  signal: AbortSignal | undefined,
): Promise<TeacherFacts> {
  const models = {
    teacher: [teacher, timed.map((one) => one.teacher)] as const,
    student: [student, timed.map((one) => one.student)] as const,
  };
  return {
    parameters: totalSize(teacher.parameters()),
    valid: await score?.(teacher, { signal }),
    speeds: await speedsOf(models, signal),
    dropout: dropoutOf(teacher),
  };
}

/** Whether second texts are read by the other model. Errors: ConfigError for second texts that the teacher has no use for. */
function pairsAreCrossed({ head }: RoFormer, loss: Teacher["loss"], { dataTextPair }: DistillOptions): boolean {
  if (dataTextPair === undefined) return false;
  if (loss === "contrastive") return true;
  if (head === "base" || head === "masked-lm")
    throw new ConfigError(
      `dataTextPair is for loss "contrastive" and for classifiers of pairs, not for loss "${loss}" of a ${head} teacher`,
    );
  return false;
}

/** Old ids of the student's vocabulary; undefined where all stay. Errors: ConfigError for a size that cannot be. */
function keptPieces(
  { tokenizer, config }: RoFormer,
  texts: readonly Text[],
  { vocabSize }: ResolvedDistill,
): Int32Array | undefined {
  if (vocabSize === undefined) return undefined;
  const counts = new Uint32Array(Math.max(config.vocab_size, tokenizer!.vocabSize));
  const all = texts.flatMap(({ text, pair }) => (pair === undefined ? [text] : [text, pair]));
  for (const id of tokenizer!.encodeBatch(all, { addSpecialTokens: false }).ids) counts[id]!++;
  const kept = chosenPieces(tokenizer!, counts, vocabSize);
  const isWhole = kept.length === config.vocab_size && kept.every((id, i) => id === i);
  return isWhole ? undefined : kept;
}

const cacheOf = ({ cache, out }: DistillOptions): string | undefined =>
  cache ?? (out === undefined || !platform.isNode ? undefined : `${out}/teacher-cache`);

const dropoutOf = ({ config }: RoFormer) => ({
  hidden_dropout_prob: config.hidden_dropout_prob,
  attention_probs_dropout_prob: config.attention_probs_dropout_prob,
  classifier_dropout: config.classifier_dropout,
});

function hashReadings(readings: readonly Reading[]): Promise<string> {
  const encoder = new TextEncoder();
  function* pieces() {
    for (const { teacher, student, hidden } of readings)
      yield encoder.encode(JSON.stringify([Array.from(teacher.ids), Array.from(student.ids), hidden]));
  }
  return hashOf(pieces());
}

const sizeInWords = (model: RoFormer): string => {
  const { num_hidden_layers, hidden_size, vocab_size } = model.config;
  const size = totalSize(model.parameters()).toLocaleString("en");
  return `${num_hidden_layers} layers × ${hidden_size}, ${partsOf(model.config).position} positions, vocabulary ${vocab_size}, ${size} parameters`;
};

const describe = (teacher: RoFormer, student: RoFormer, layers: readonly number[]): string[] => [
  `teacher: ${sizeInWords(teacher)}`,
  `student: ${sizeInWords(student)}; begins with the teacher's layers ${layers.join(", ")}`,
];
