import { ConfigError } from "../../errors.js";
import { hashOf } from "../../io/hashes.js";
import { isTrainable } from "../../models/sentences/trained.js";
import { pack } from "../../nn/packed.js";
import type { RoFormer } from "../../roformer.js";
import { type Basis, Moments, principalBasis } from "./basis.js";
import { teacherVectors } from "./objectives/vectors.js";
import { sequencesOf } from "./readings.js";
import type { Text } from "./texts.js";

/** Directions that a narrower student keeps: of the teacher's states, and of its vectors. */
export interface Bases {
  readonly states: Basis | undefined;
  readonly vectors: Basis | undefined;
  /** A hash of both; undefined where there is none. */
  readonly hash: string | undefined;
}

/** Texts whose states the directions are found from, and how many are computed at once. */
const [TEXTS, TOGETHER] = [512, 32];

/**
 * The directions in which the teacher's states, and its vectors, are largest, for a student of `width`. Errors: ConfigError for vectors of
 * fewer numbers than that.
 */
export async function findBases(
  teacher: RoFormer,
  texts: readonly Text[],
  {
    width,
    makesVectors,
    maxLength,
  }: { readonly width: number; readonly makesVectors: boolean; readonly maxLength: number },
): Promise<Bases> {
  const { hidden_size } = teacher.config;
  const isPooled = isTrainable(teacher);
  if (width === hidden_size && (isPooled || !makesVectors))
    return { states: undefined, vectors: undefined, hash: undefined };
  const chosen = texts.filter((_, i) => i % Math.ceil(texts.length / TEXTS) === 0);
  const sequences = sequencesOf(teacher, chosen, maxLength);
  const states = new Moments(hidden_size);
  let vectors: Moments | undefined;
  for (let at = 0; at < sequences.length; at += TOGETHER) {
    const some = sequences.slice(at, at + TOGETHER);
    const packed = pack(
      some.map(({ ids }) => ids),
      some.map(({ typeIds }) => typeIds),
    );
    teacher.run(packed, (batch) => {
      if (width < hidden_size) states.add(batch.hidden.read());
      if (!makesVectors || isPooled) return;
      for (const vector of teacherVectors(teacher, batch, some.length)) {
        vectors ??= new Moments(vector.length);
        vectors.add(vector);
      }
    });
  }
  const ofVectors = vectors?.width ?? hidden_size;
  if (ofVectors < width)
    throw new ConfigError(`the teacher's vectors have ${ofVectors} numbers: set width to at most that, not ${width}`);
  const ofStates = width < hidden_size ? principalBasis(states, width) : undefined;
  const own = !vectors ? ofStates : ofVectors > width ? principalBasis(vectors, width) : undefined;
  const found = [ofStates, own].flatMap((one) => (one ? [one.directions] : []));
  const hash = await hashOf(found.map(({ buffer }) => new Uint8Array(buffer)));
  return { states: ofStates, vectors: own, hash: found.length > 0 ? hash : undefined };
}
