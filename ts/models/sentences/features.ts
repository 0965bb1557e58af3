/** What modules read and write, by sentence-transformers' names. */
export type FeatureName = "token_embeddings" | "sentence_embedding";

/** Rows of numbers end to end, `[rows, width]`. */
export interface Rows {
  readonly data: ArrayLike<number>;
  readonly width: number;
}

/** One text on its way through the modules. */
export interface Features {
  /** The states of its tokens, `[T, C]`. */
  token_embeddings: Rows;
  /** Its vector, `[1, C]`; undefined before the first module that makes one. */
  sentence_embedding?: Rows;
  /** Tokens of the prompt in front, which some models leave out of the pooling. */
  readonly promptLength: number;
  /** What the model's own pooler makes of the first token, `[1, C]`. Errors: ConfigError for a model without a pooler. */
  readonly pooler: () => Rows;
}

/** A module behind the transformer. */
export interface SentenceModule {
  /** Its class in sentence-transformers. */
  readonly name: string;
  /** Whether it reads the text's vector, which an earlier one must have made. */
  readonly needsVector?: boolean;
  /** Whether it makes the text's vector of token states. */
  readonly makesVector?: boolean;
  /** Changes the features of a text. Errors: ConfigError where they do not fit. */
  apply(features: Features): void;
}

/** `body` of every row; rows keep their order. */
export function mapRows({ data, width }: Rows, body: (row: Float64Array) => Float64Array): Rows {
  const count = width === 0 ? 0 : data.length / width;
  const made = Array.from({ length: count }, (_, r) =>
    body(Float64Array.from({ length: width }, (_, i) => data[r * width + i]!)),
  );
  const size = made[0]?.length ?? 0;
  const all = new Float64Array(count * size);
  for (const [r, row] of made.entries()) all.set(row, r * size);
  return { data: all, width: size };
}
