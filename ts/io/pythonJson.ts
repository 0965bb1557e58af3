/**
 * The text of JSON that Python's `json` wrote, as JSON: Python writes NaN, Infinity and -Infinity, which JSON does not have; null
 * stands for them.
 */
export function withoutNaN(text: string): string {
  if (!/NaN|Infinity/.test(text)) return text;
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) => (part.startsWith('"') ? part : "null"));
}
