/** What transformers does after decoding where `clean_up_tokenization_spaces` is set. */
export function cleanUp(text: string): string {
  return text
    .replace(/ ([.?!,])/g, "$1")
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replace(/ '(m|s|ve|re)/g, "'$1");
}
