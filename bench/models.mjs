// The models that are measured: what is written down once serves every peer.

const common = { num_labels: 2, type_vocab_size: 2, max_position_embeddings: 2048, hidden_dropout_prob: 0.1 };

/** Configurations by name, as Hugging Face writes them. */
export const configs = {
  /** 4 layers × 256, 20 MB. */
  small: { ...common, ...size(4, 256), vocab_size: 7000 },
  /** RoFormer-base with few words: words cost no time in a forward pass. */
  base: { ...common, ...size(12, 768), vocab_size: 1000 },
  /** RoFormer-base with Hugging Face's 50,000 words, 494 MB. */
  baseFull: { ...common, ...size(12, 768), vocab_size: 50_000 },
  /** So little arithmetic that what is around it shows. */
  narrow: { ...common, ...size(4, 128), vocab_size: 7000 },
};

/**
 * @param {number} layers
 * @param {number} width a multiple of 64
 */
function size(layers, width) {
  return {
    num_hidden_layers: layers,
    hidden_size: width,
    num_attention_heads: width / 64,
    intermediate_size: 4 * width,
    attention_probs_dropout_prob: 0.1,
  };
}

/** A text to train a small vocabulary on, and to classify. */
export const WORDS =
  "the film is a quiet story about two people who meet on a train and talk until the morning comes and neither wants to leave";
