import { expect } from "vitest";
import { json } from "./project.js";

/** What one engine says of itself, and what came out. See `program/common.mjs`. */
interface Computed {
  readonly variant: string;
  readonly threads: number;
  readonly reasons: readonly string[];
  readonly seconds: number;
  readonly numbers: { readonly label: string; readonly score: string; readonly loss: string; readonly metrics: object };
}

/** What an environment says. */
export interface Answer {
  readonly here: Computed;
  readonly session: Computed;
  readonly threaded: Computed;
}

/** What the Node of the tests computes in a project: what every environment is held against. */
export const answerOfNode = (project: string): Promise<Answer> => json(undefined, ["node.mjs"], project);

/** Holds an environment's numbers against those of another: the same bits on the calling thread, in a session, on threads. */
export function expectSame(found: Answer, wanted: Answer, threads: number): void {
  const { numbers } = wanted.here;
  expect(found.here).toMatchObject({ variant: "simd", threads: 1, numbers });
  expect(found.session).toMatchObject({ variant: "simd", threads: 1, numbers });
  expect(found.threaded).toMatchObject({ variant: "simd-threads", threads, numbers });
}

/** Notes an environment for whoever asks for the table with ROFORMER_TABLE=1. */
export function note(environment: string, { here, session, threaded }: Answer): void {
  if (!process.env.ROFORMER_TABLE) return;
  const of = ({ variant, threads, seconds, numbers }: Computed) =>
    `${variant}/${threads} ${seconds.toFixed(2)} s ${numbers.score} ${numbers.loss}`;
  console.log(`| ${environment} | ${of(here)} | ${of(session)} | ${of(threaded)} |`);
}
