import type { Names } from "../../options.js";
import type { Same } from "../same.js";

/**
 * Where linear attention turns by position (RoFormer, §3.3):
 *
 * - `eq19`: the features of the numerators, as the paper does: scores depend on distances alone. Their weights may be negative, and do
 *   not sum up to 1.
 * - `rotate-before`: queries and keys before features are made of them: weights are positive and sum up to 1, but depend on
 *   distances alone only as far as the features stand for softmax's exponentials.
 * - `rotate-both`: numerators and denominators: distances alone, but a denominator may vanish.
 */
export type Rotation = "eq19" | "rotate-before" | "rotate-both";

/** Every {@link Rotation}. */
export const ROTATIONS = ["eq19", "rotate-before", "rotate-both"] as const satisfies readonly Rotation[];

/**
 * Settings of attentions as `roformer_js` has them. A new one is a field here, in {@link AttentionSettings} and in the names below, and its
 * check in `schema.ts`.
 */
export interface AttentionFields {
  /** Where linear attentions turn. Default: "eq19". */
  rotation?: Rotation | undefined;
  /** Features of a head, M, of random projections, a whole number from 1 to 65536. Default: D · ln D. */
  num_random_features?: number | undefined;
  /** ε inside of features, ≥ 0. Default: 10⁻⁴ of `performer`, 10⁻³ of the relu ones. */
  kernel_epsilon?: number | undefined;
}

/** {@link AttentionFields} under names in camelCase. */
export interface AttentionSettings {
  /**
   * Where linear attentions turn.
   * @default "eq19"
   */
  readonly rotation?: Rotation | undefined;
  /**
   * Features of a head, M, of random projections.
   * @default D · ln D
   */
  readonly numRandomFeatures?: number | undefined;
  /**
   * ε inside of features.
   * @default 10⁻⁴ of a Performer, 10⁻³ of a relu
   */
  readonly kernelEpsilon?: number | undefined;
}

/** A name of Hugging Face's as this library writes it: `numRandomFeatures`. */
type CamelCased<Name> = Name extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<CamelCased<Rest>>}` : Name;

const camelCased = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const FIELDS: Names<AttentionFields> = { rotation: true, num_random_features: true, kernel_epsilon: true };

/** The names of {@link AttentionSettings} with those of the fields. */
const NAMES = Object.keys(FIELDS).map((field) => [camelCased(field), field] as const);

/** The names of {@link AttentionSettings}. */
export const SETTINGS = Object.fromEntries(NAMES.map(([name]) => [name, true])) as Names<
  Record<Same<keyof AttentionSettings, CamelCased<keyof AttentionFields>>, unknown>
>;

/** What `fields` say, under names in camelCase. */
export function settingsOf(fields: AttentionFields): AttentionSettings {
  const all = fields as Readonly<Record<string, unknown>>;
  return Object.fromEntries(NAMES.map(([name, field]) => [name, all[field]]));
}

/** The reverse of {@link settingsOf}: what `settings`, which may hold other things too, say as fields; what is undefined is absent. */
export function fieldsOf(settings: AttentionSettings): AttentionFields {
  const all = settings as Readonly<Record<string, unknown>>;
  const given = NAMES.filter(([name]) => all[name] !== undefined);
  return Object.fromEntries(given.map(([name, field]) => [field, all[name]]));
}
