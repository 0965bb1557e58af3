/**
 * What a column like "translation.en" holds, as Hugging Face's translation data sets have it: the field "en" of the object in the column
 * "translation". Undefined where there is none.
 */
export function nestedValue(values: object, column: string): { readonly value: unknown } | undefined {
  const dot = column.indexOf(".");
  if (dot < 0) return undefined;
  const [outer, inner] = [column.slice(0, dot), column.slice(dot + 1)];
  const within = Object.hasOwn(values, outer) && (values as Record<string, unknown>)[outer];
  if (typeof within !== "object" || within === null) return undefined;
  return Object.hasOwn(within, inner)
    ? { value: (within as Record<string, unknown>)[inner] }
    : nestedValue(within, inner);
}
