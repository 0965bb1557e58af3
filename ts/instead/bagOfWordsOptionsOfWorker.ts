/** Does nothing: in a worker, runs alone train a bag of words, from rows that were checked. */
export function checkBagOfWords(): void {}

/** Does nothing, likewise. */
export function checkPairs(): void {}
