/** Perplexity of a language model, e^loss, from its mean loss in nats per token. */
export const perplexity = (loss: number): number => Math.exp(loss);

/** Bits per character, from the sum of losses in nats and the number of characters. */
export const bitsPerCharacter = (nats: number, characters: number): number => nats / characters / Math.LN2;
