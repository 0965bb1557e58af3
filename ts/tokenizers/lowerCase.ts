/** A token of a `tokenizer.json` that is matched before, or after, the text is normalized. */
interface AddedToken {
  readonly content: string;
  readonly normalized: boolean;
}

/** The tokens that a `tokenizer.json` matches in the original text, longest first. */
export const verbatimTokens = (json: string): string[] =>
  ((JSON.parse(json) as { added_tokens?: readonly AddedToken[] }).added_tokens ?? [])
    .filter(({ normalized, content }) => !normalized && content !== "")
    .map(({ content }) => content)
    .sort((a, b) => b.length - a.length);

/**
 * Lowercases `text` except for `verbatim`, as a tokenizer whose first normalizer is `Lowercase` reads it: each character by
 * itself, so that Σ becomes σ at the end of a word too.
 */
export function lowerCase(text: string, verbatim: readonly string[]): string {
  const escaped = verbatim.map((token) => token.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"));
  const pieces = verbatim.length === 0 ? [text] : text.split(new RegExp(`(${escaped.join("|")})`));
  // After a split by one group, every second piece is a token.
  return pieces.map((piece, i) => (i % 2 === 1 ? piece : [...piece].map((c) => c.toLowerCase()).join(""))).join("");
}
