const NAMES = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, "-Infinity": Number.NEGATIVE_INFINITY } as const;

/** JSON that keeps numbers without a form of their own, as `{ "number": "NaN" }`, and in which typed arrays are lists. */
export const toExactJson = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => {
    if (ArrayBuffer.isView(one)) return Array.from(one as Uint8Array);
    return typeof one === "number" && !Number.isFinite(one) ? { number: String(one) } : one;
  });

/** What {@link toExactJson} was given. Errors: SyntaxError. */
export const fromExactJson = (text: string): unknown =>
  JSON.parse(text, (_, one: unknown) => {
    const name = typeof one === "object" && one !== null ? (one as { number?: unknown }).number : undefined;
    return typeof name === "string" && Object.hasOwn(NAMES, name) ? NAMES[name as keyof typeof NAMES] : one;
  });
