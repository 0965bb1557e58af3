import type { Basis } from "./basis.js";

/** What an axis of a parameter counts. */
type Axis = "vocabulary" | "embedding" | "hidden" | "heads" | "inner" | "same";

/** Axes of parameters, by the ends of their names; the first that fits counts. */
const AXES: readonly (readonly [RegExp, readonly Axis[]])[] = [
  [/word_embeddings\.weight$/, ["vocabulary", "embedding"]],
  [/(token_type|position)_embeddings\.weight$/, ["same", "embedding"]],
  [/embeddings\.LayerNorm\./, ["embedding"]],
  [/embeddings_project\./, ["hidden", "embedding"]],
  [/\.self\.(query|key|value)\./, ["heads", "hidden"]],
  [/attention\.output\.dense\./, ["hidden", "heads"]],
  [/intermediate\.dense\./, ["inner", "hidden"]],
  [/output\.dense\./, ["hidden", "inner"]],
  [/^cls\.predictions\.transform\.dense\./, ["embedding", "hidden"]],
  [/^cls\.predictions\.transform\.LayerNorm\./, ["embedding"]],
  [/^cls\.predictions\.(decoder\.|bias$)/, ["vocabulary", "embedding"]],
  [/LayerNorm\./, ["hidden"]],
  [/(pooler|classifier)\.dense\./, ["hidden", "hidden"]],
  [/^(classifier|qa_outputs|sequence_summary\.summary)\b/, ["same", "hidden"]],
];

/** What a student keeps of the sizes of its teacher. */
export interface Sizes {
  /** Ids that are kept. Default: all. */
  readonly vocabulary: ArrayLike<number> | undefined;
  /** Directions of the hidden states. Default: all. */
  readonly basis: Basis | undefined;
  /** Whether embeddings are as wide as the hidden states, and projected as they are. */
  readonly isEmbeddingHidden: boolean;
  /** Numbers that all heads together keep, and the feed-forward layers. */
  readonly heads: number;
  readonly inner: number;
}

/** A parameter's numbers and shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** A parameter of the teacher as the student begins with it. `name`: without the encoder's prefix. */
export function resized(name: string, values: Values, sizes: Sizes): Values {
  const axes = AXES.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  const isScale = /LayerNorm\.weight$/.test(name);
  return values.shape.reduce((made: Values, _, at) => {
    const axis = axes[at] ?? "same";
    return along(made, at, axis, sizes, isScale);
  }, values);
}

function along(values: Values, at: number, axis: Axis, sizes: Sizes, isScale: boolean): Values {
  const { basis, isEmbeddingHidden, vocabulary, heads, inner } = sizes;
  if (axis === "vocabulary") return vocabulary ? picked(values, at, vocabulary) : values;
  if (axis === "heads" || axis === "inner")
    return picked(values, at, first(axis === "heads" ? heads : inner, values.shape[at]!));
  const isHidden = axis === "hidden" || (axis === "embedding" && isEmbeddingHidden);
  if (!isHidden || !basis) return values;
  return isScale ? scales(values, basis) : turned(values, at, basis);
}

const first = (count: number, all: number): number[] => Array.from({ length: Math.min(count, all) }, (_, i) => i);

const rowsOf = ({ shape, data }: Values): readonly [number, number] => {
  const width = shape.length > 1 ? shape.at(-1)! : 1;
  return [data.length / width, width];
};

/** Some places of an axis of a vector or matrix. */
function picked(values: Values, at: number, places: ArrayLike<number>): Values {
  const { shape, data } = values;
  if (places.length === shape[at] && Array.from(places).every((place, i) => place === i)) return values;
  const [rows, width] = rowsOf(values);
  const [R, W] = at === 0 ? [places.length, width] : [rows, places.length];
  const made = new Float64Array(R * W);
  for (let r = 0; r < R; r++)
    for (let i = 0; i < W; i++)
      made[r * W + i] = at === 0 ? data[places[r]! * width + i]! : data[r * width + places[i]!]!;
  return { shape: shape.map((size, axis) => (axis === at ? places.length : size)), data: made };
}

/** An axis in the coordinates of a basis. */
function turned(values: Values, at: number, { from, to, directions }: Basis): Values {
  const { shape, data } = values;
  const newShape = shape.map((size, axis) => (axis === at ? to : size));
  const [, width] = rowsOf(values);
  const made = new Float64Array(newShape.reduce((all, size) => all * size, 1));
  const columns = at === 0 ? width : 1;
  const count = at === 0 ? 1 : shape[0]!;
  for (let r = 0; r < count; r++)
    for (let i = 0; i < from; i++)
      for (let j = 0; j < to; j++) {
        const direction = directions[i * to + j]!;
        for (let c = 0; c < columns; c++)
          made[(r * to + j) * columns + c]! += direction * data[(r * from + i) * columns + c]!;
      }
  return { shape: newShape, data: made };
}

/**
 * Weights of a LayerNorm in the coordinates of a basis: the diagonal of what they are there. A norm of fewer numbers is scaled to the
 * length that the states had.
 */
function scales({ data }: Values, { from, to, directions }: Basis): Values {
  const length = Math.sqrt(from / to);
  const made = Float64Array.from({ length: to }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < from; i++) sum += directions[i * to + j]! ** 2 * data[i]!;
    return length * sum;
  });
  return { shape: [to], data: made };
}

/** Positions whose mean vector stands for all when positions are no longer added. */
const [FIRST, LAST] = [1, 24];

/** Embeddings without positions: what the first type and the average position add to every word becomes part of the words. */
export function folded(words: Values, types: Values | undefined, positions: Values | undefined) {
  const width = words.shape[1]!;
  const added = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    added[i] = types?.data[i] ?? 0;
    if (!positions) continue;
    const last = Math.min(LAST, positions.shape[0]! - 1);
    const first = Math.min(FIRST, last);
    for (let p = first; p <= last; p++) added[i]! += positions.data[p * width + i]! / (last - first + 1);
  }
  const plus = (values: Values, more: (i: number) => number): Values => ({
    shape: values.shape,
    data: Float64Array.from(values.data, (x, at) => x + more(at % width)),
  });
  return {
    words: plus(words, (i) => added[i]!),
    types: types && plus(types, (i) => -types.data[i]!),
  };
}
