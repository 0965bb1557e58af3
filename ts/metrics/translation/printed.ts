import { VERSION } from "../../version.js";

/** Decimals that no number from 10^-6 on has more of: `toFixed` with so many rounds nothing. */
const ALL = 100;

/** A number with so many decimals; of two that are as near, the even one, as Python prints it: 6.25 is 6.2, where `toFixed` has 6.3. */
export function fixed(value: number, digits: number): string {
  const exact = value.toFixed(ALL);
  const end = exact.indexOf(".") + 1 + digits;
  const isHalf = /^50*$/.test(exact.slice(end));
  return isHalf && Number(exact[end - 1]) % 2 === 0 ? exact.slice(0, end) : value.toFixed(digits);
}

/** Fields as sacrebleu's signatures have them, and this package as the version: `nrefs:1|case:mixed|…|version:roformer-0.1.0`. */
export const signatureOf = (fields: Readonly<Record<string, string | number>>): string =>
  Object.entries({ ...fields, version: `roformer-${VERSION}` })
    .map(([name, value]) => `${name}:${value}`)
    .join("|");
