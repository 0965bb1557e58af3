/** Perplexity of a language model, e^loss, from its mean loss in nats a token. */
export const perplexity = (loss: number): number => Math.exp(loss);

/** Bits a character takes, from the sum of the losses in nats and the number of characters. */
export const bitsPerCharacter = (nats: number, characters: number): number => nats / characters / Math.LN2;
