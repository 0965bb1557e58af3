/**
 * Converts the output of Python's `json` to JSON: NaN, Infinity and -Infinity, which JSON does not have, become null.
 * stands for them.
 */
export function withoutNaN(text: string): string {
  if (!/NaN|Infinity/.test(text)) return text;
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) => (part.startsWith('"') ? part : "null"));
}
