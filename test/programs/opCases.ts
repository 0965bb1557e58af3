// Holds every op against its formula, with what is finite and what is not: `node --import tsx opCases.ts
// '{"variant":"simd"}'`. Prints the number of cases and what is wrong as a line of JSON.

import { engine, init } from "../../ts/engine/engine.js";
import { gradcheck } from "../../ts/nn/gradcheck.js";
import { type OpCase, opCases } from "../ops/cases.js";
import { differences } from "../ops/notFinite.js";
import { sharedCases } from "../ops/sharedCases.js";

function* problems({ name, op, reference, shapes, valueTolerance }: OpCase): Generator<string> {
  try {
    gradcheck(op, reference, shapes, { ...(valueTolerance && { valueTolerance }) });
  } catch (error) {
    yield `${name}: ${(error as Error).message}`;
  }
}

await init({ v8Flags: true, ...JSON.parse(process.argv[2] ?? "{}") });
engine().set_poison(true);
const cases = [...opCases, ...sharedCases];
const failed = cases.flatMap((one) => [
  ...problems(one),
  ...[...differences(one)].map((text) => `${one.name}: ${text}`),
]);
console.log(JSON.stringify({ cases: cases.length, failed }));
