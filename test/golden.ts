import { readFileSync } from "node:fs";

/** A file of `test/golden`, parsed. */
export const golden = <T>(file: string): T =>
  JSON.parse(readFileSync(new URL(`./golden/${file}`, import.meta.url), "utf8")) as T;

/** Where `got` first differs from `expected`, numbers by more than `tolerance` allows; undefined if nowhere. */
export function difference(
  got: unknown,
  expected: unknown,
  tolerance: (value: number) => number,
  at = "",
): string | undefined {
  if (typeof expected === "number") {
    const fine = got === expected || (typeof got === "number" && Math.abs(got - expected) <= tolerance(expected));
    return fine ? undefined : `${at} is ${JSON.stringify(got)}, not ${expected}`;
  }
  if (typeof expected !== "object" || expected === null)
    return got === expected ? undefined : `${at} is ${String(got)}, not ${expected}`;
  const plain = got instanceof Map ? Object.fromEntries(got) : (got as Record<string, unknown>);
  if (Array.isArray(expected) && (plain as unknown as unknown[]).length !== expected.length)
    return `${at} has another length`;
  for (const [key, value] of Object.entries(expected)) {
    const found = difference(plain[key], value, tolerance, `${at}.${key}`);
    if (found) return found;
  }
  return undefined;
}
