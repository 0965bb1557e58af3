import { noGrad } from "../../ts/autograd/tape.js";
import { Philox } from "../../ts/random/philox.js";
import { scope } from "../../ts/tensor/scope.js";
import { sizeOf, tensor } from "../../ts/tensor/tensor.js";
import type { OpCase } from "./cases.js";

/** Numbers that are not finite. */
export const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** The op's value for f32 inputs. */
export const value = ({ op, shapes }: Pick<OpCase, "op" | "shapes">, inputs: readonly Float64Array[]): Float32Array =>
  noGrad(() => scope(() => op(...inputs.map((x, i) => tensor(x, shapes[i]!))).read() as Float32Array));

/** Random inputs, the same for every run. */
export const inputsOf = ({ shapes }: Pick<OpCase, "shapes">): Float64Array[] =>
  shapes.map((shape, i) => {
    const numbers = new Philox(1, 77, i);
    return Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(2 * numbers.uniform() - 1));
  });

/** `inputs` with `special` at one place of one of them. */
export const withSpecial = (inputs: readonly Float64Array[], input: number, at: number, special: number) =>
  inputs.map((x, i) => (i === input ? x.with(at, special) : x));

/** What must be said of a number besides its size: 0 for a finite one. */
const kind = (x: number): number => (Number.isFinite(x) ? 0 : x);

/**
 * Whether a value is as the formula has it. Where its ∞ · 0 is NaN, as in gelu(−∞), the limit does as well: what it gives for
 * a very large number.
 */
function fits(got: number, want: number, limit: number): boolean {
  if (Object.is(kind(got), kind(want))) return true;
  if (!Number.isNaN(want)) return false;
  return Math.abs(limit) > 1e20 ? got === Math.sign(limit) / 0 : Math.abs(got - limit) < 1e-3;
}

/** Where an op differs from its formula in what is NaN or infinite, or where something else changed. */
export function* differences(one: OpCase): Generator<string> {
  const inputs = inputsOf(one);
  const [clean, formula] = [value(one, inputs), one.reference(...inputs)];
  // Formulas of large inputs take their time: of those the first input, in one place.
  const large = inputs.reduce((numbers, x) => numbers + x.length, 0) > 2000;
  for (const [input, x] of inputs.slice(0, large ? 1 : undefined).entries()) {
    const middle = Math.floor(x.length / 2);
    const places = x.length === 0 ? [] : new Set(large ? [middle] : [0, middle, x.length - 1]);
    for (const at of places) {
      for (const special of large || one.factored ? [Number.NaN] : SPECIAL) {
        const changed = withSpecial(inputs, input, at, special);
        const [got, want] = [value(one, changed), one.reference(...changed)];
        const limit = Number.isNaN(special)
          ? want
          : one.reference(...withSpecial(inputs, input, at, Math.sign(special) * 1e30));
        for (const i of got.keys()) {
          const where = `with ${special} as input ${input}[${at}] the value [${i}] is ${got[i]}, not`;
          if (!fits(got[i]!, want[i]!, limit[i]!)) yield `${where} ${want[i]}`;
          else if (want[i] === formula[i] && got[i] !== clean[i]) yield `${where} ${clean[i]} as without it`;
        }
      }
    }
  }
}
