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
  readonly vocabulary: number;
  /** Width of the embeddings, E. */
  readonly width: number;
  readonly types: number;
  /** Id whose row begins as 0 and gets no gradient from being looked up. */
  readonly padding: number | null;
  readonly eps: number;
  readonly dropout: number;
}

/** dropout(LayerNorm(word + token type + what the position encoding adds)), `[N, E]`. */
export class Embeddings {
  /** The word vectors, `[V, E]`: also the decoder of a tied language model. */
  readonly words: Parameter;
  private readonly types: Parameter;
  private readonly norm: LayerNorm;
  private readonly dropout: Dropout;
  private readonly padding: number | undefined;
  private readonly position: Position;

  constructor(scope: ParameterScope, options: EmbeddingsOptions, position: Position) {
    const { vocabulary, width, types, padding, eps, dropout } = options;
    this.padding = padding ?? undefined;
    this.position = position;
    this.words = scope.at("word_embeddings").weight("weight", [vocabulary, width], this.padding);
    this.types = scope.at("token_type_embeddings").weight("weight", [types, width]);
    this.norm = new LayerNorm(scope.at("LayerNorm"), width, eps);
    this.dropout = new Dropout(scope, dropout);
  }

  /** `[N, E]` for the tokens of `batch`. */
  forward(batch: PackedBatch): Tensor {
    const x = add(embedding(this.words, batch.tokens, this.padding), embedding(this.types, batch.types));
    const marked = this.position.embed?.(x, batch) ?? x;
    return this.dropout.forward(this.norm.forward(marked));
  }
}
