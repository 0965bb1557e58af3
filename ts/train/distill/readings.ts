import type { Model } from "../../models/model.js";
import { type Packed, pack } from "../../nn/packed.js";
import { embed } from "../../pipelines/embed.js";
import type { ReadyModel, Sequence } from "../../pipelines/pipeline.js";
import { encodeTexts } from "../../pipelines/texts.js";
import { Philox } from "../../random/philox.js";
import { streams } from "../../random/streams.js";
import type { Tokenizer } from "../../tokenizers/tokenizer.js";
import type { Text } from "./texts.js";

/** A text as teacher and student read it. */
export interface Reading {
  readonly teacher: Sequence;
  readonly student: Sequence;
  /** Tokens that both have in common at the beginning, and at the end. */
  readonly before: number;
  readonly behind: number;
  /** Places of hidden tokens in the teacher's sequence, ascending. */
  readonly hidden: readonly number[];
}

/** Tokens of a text, cut to `maxLength`. A sentence model puts its prompt before it. */
export function sequencesOf(model: Model, texts: readonly Text[], maxLength: number): readonly Sequence[] {
  const ready = model as ReadyModel;
  const plain = texts.map(({ text }) => text);
  if (model.head === "base" && model.sentenceModel) {
    const longest = model.sentences?.maxLength ?? model.config.max_position_embeddings;
    return embed.prepare(ready, plain, { maxLength: Math.min(maxLength, longest) }).sequences;
  }
  const length = Math.min(maxLength, model.config.max_position_embeddings);
  const pairs = texts[0]?.pair === undefined ? undefined : texts.map(({ pair }) => pair!);
  return encodeTexts("distill", ready, plain, { maxLength: length, ...(pairs && { pairs }) });
}

/** How texts are read. */
export interface ReadingSettings {
  readonly maxLength: number;
  /** Old ids of the student's vocabulary; undefined where it is the teacher's. */
  readonly kept: Int32Array | undefined;
  /** Whether the pairs are two texts of one meaning, each read by one of the models. */
  readonly isCrossed: boolean;
}

/** Texts as both models read them. */
export function readingsOf(
  teacher: Model,
  student: Model,
  texts: readonly Text[],
  { maxLength, kept, isCrossed }: ReadingSettings,
): Reading[] {
  const crossed = (own: "text" | "pair", other: "text" | "pair") =>
    texts.flatMap((one) => [{ text: one[own]! }, { text: one[other]! }]);
  const [a, b] = isCrossed ? [crossed("text", "pair"), crossed("pair", "text")] : [texts, texts];
  const read = sequencesOf(teacher, a, maxLength);
  const learned = sequencesOf(student, b, maxLength);
  return read.map((sequence, i): Reading => {
    const own = learned[i]!;
    const common = isCrossed ? { before: 0, behind: 0 } : commonEnds(sequence.ids, own.ids, kept);
    return { teacher: sequence, student: own, ...common, hidden: [] };
  });
}

/** Tokens that two sequences have in common at the beginning and, among the others, at the end. */
function commonEnds(a: ArrayLike<number>, b: ArrayLike<number>, kept: Int32Array | undefined) {
  const old = (at: number) => (kept ? kept[b[at]!] : b[at]);
  const most = Math.min(a.length, b.length);
  let before = 0;
  while (before < most && a[before] === old(before)) before++;
  let behind = 0;
  while (behind < most - before && a[a.length - 1 - behind] === old(b.length - 1 - behind)) behind++;
  return { before, behind };
}

/** Places of the teacher's and of the student's tokens that both have. */
export function commonPlaces({ teacher, student, before, behind }: Reading): readonly (readonly [number, number])[] {
  const [T, S] = [teacher.ids.length, student.ids.length];
  return Array.from({ length: before + behind }, (_, i) =>
    i < before ? [i, i] : [T - behind + i - before, S - behind + i - before],
  );
}

/** Share of the tokens that are guessed (Devlin et al. 2019). */
const GUESSED = 0.15;

/** The readings with some of their common tokens hidden, at least one if there is one: drawn by seed and place. */
export function withHidden(
  readings: readonly Reading[],
  { teacher, student }: { readonly teacher: Tokenizer; readonly student: Tokenizer },
  seed: number,
): Reading[] {
  const special = new Set(Object.values(teacher.specialTokens).map((token) => teacher.tokenToId(token)));
  const hiddenIn = (sequence: Sequence, places: readonly number[], mask: number): Sequence => {
    const ids = Int32Array.from(sequence.ids);
    for (const place of places) ids[place] = mask;
    return { ids, typeIds: sequence.typeIds };
  };
  return readings.map((one, i) => {
    const random = new Philox(seed, streams.masking, i);
    const places = commonPlaces(one).filter(([place]) => !special.has(one.teacher.ids[place]!));
    const drawn = places.filter(() => random.uniform() < GUESSED);
    const chosen = drawn.length > 0 || places.length === 0 ? drawn : [places[random.below(places.length)]!];
    const hidden = chosen.map(([place]) => place);
    return {
      ...one,
      teacher: hiddenIn(one.teacher, hidden, teacher.maskTokenId!),
      student: hiddenIn(
        one.student,
        chosen.map(([, place]) => place),
        student.maskTokenId!,
      ),
      hidden,
    };
  });
}

/** Sequences of one of the models, end to end. */
export const packed = (readings: readonly Reading[], whose: "teacher" | "student"): Packed =>
  pack(
    readings.map((reading) => reading[whose].ids),
    readings.map((reading) => reading[whose].typeIds),
  );
