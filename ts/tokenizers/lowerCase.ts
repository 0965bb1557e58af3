/** A token of a `tokenizer.json` that is found before, or after, the text is normalized. */
interface AddedToken {
  readonly content: string;
  readonly normalized: boolean;
}

/** Tokens that a `tokenizer.json` finds in the text as it is, longest first. */
export const verbatimTokens = (json: string): string[] =>
  ((JSON.parse(json) as { added_tokens?: readonly AddedToken[] }).added_tokens ?? [])
    .filter(({ normalized, content }) => !normalized && content !== "")
    .map(({ content }) => content)
    .sort((a, b) => b.length - a.length);

/**
 * `text` in lower case but for `verbatim`, as a tokenizer whose first normalizer is `Lowercase` reads it: each character for
 * itself, so that Σ is σ at the end of a word too.
 */
export function lowerCase(text: string, verbatim: readonly string[]): string {
  const escaped = verbatim.map((token) => token.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"));
  const pieces = verbatim.length === 0 ? [text] : text.split(new RegExp(`(${escaped.join("|")})`));
  // Split by one group, every second piece is a token.
  return pieces.map((piece, i) => (i % 2 === 1 ? piece : [...piece].map((c) => c.toLowerCase()).join(""))).join("");
}
