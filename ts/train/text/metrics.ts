/** How well a language model guesses held-out text. */
export interface LanguageMetrics {
  /** Tokens guessed. */
  readonly n: number;
  /** Mean cross-entropy per token, in nats. */
  readonly loss: number;
  /** e^loss. */
  readonly perplexity: number;
  /** Share of the tokens guessed whose most likely guess is right, for a masked model. */
  readonly accuracy?: number;
  /** Bits per character (code point), for a causal model of packed text, whose guesses tell a text. */
  readonly bitsPerCharacter?: number;
  /** Bits per byte of UTF-8, likewise. */
  readonly bitsPerByte?: number;
}
