import { embedding } from "../ops/embedding.js";
import { add } from "../ops/reduce.js";
import type { Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";
import { Dropout } from "./dropout.js";
import { LayerNorm } from "./layerNorm.js";
import type { PackedBatch } from "./packed.js";
import type { ParameterScope } from "./parameters.js";
import type { Position } from "./positions/index.js";

/** What embeddings are made from. */
export interface EmbeddingsOptions {
  /** Number of word vectors, V. */
  readonly vocabulary: number;
  /** Width of the embeddings, E. */
  readonly width: number;
  /** Number of token type vectors. Default: there are none. */
  readonly types?: number | undefined;
  /** Id whose row begins as 0 and gets no gradient from being looked up. */
  readonly padding: number | null;
  readonly eps: number;
  /** Whether the norm has a bias. */
  readonly bias: boolean;
  readonly dropout: number;
  /** What the parameters are called. */
  readonly names: { readonly words: string; readonly types?: string | undefined; readonly norm: string };
}

/** dropout(LayerNorm(word + token type + what the position encoding adds)), `[N, E]`. */
export class Embeddings {
  /** The word vectors, `[V, E]`: also the decoder of a tied language model. */
  readonly words: Parameter;
  private readonly types: Parameter | undefined;
  private readonly norm: LayerNorm;
  private readonly dropout: Dropout;
  private readonly padding: number | undefined;
  private readonly position: Position;

  constructor(params: ParameterScope, options: EmbeddingsOptions, position: Position) {
    const { vocabulary, width, types, padding, eps, bias, dropout, names } = options;
    this.padding = padding ?? undefined;
    this.position = position;
    this.words = params.at(names.words).weight("weight", [vocabulary, width], this.padding);
    if (types && names.types) this.types = params.at(names.types).weight("weight", [types, width]);
    this.norm = new LayerNorm(params.at(names.norm), width, eps, bias);
    this.dropout = new Dropout(params, dropout);
  }

  /** `[N, E]` for the tokens of `batch`. */
  forward(batch: PackedBatch): Tensor {
    const words = embedding(this.words, batch.tokens, this.padding);
    const x = this.types ? add(words, embedding(this.types, batch.types)) : words;
    const marked = this.position.embed?.(x, batch) ?? x;
    return this.dropout.forward(this.norm.forward(marked));
  }
}
