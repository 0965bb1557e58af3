// Sessions as they are published: their worker is a script of its own, which exists in dist only.
export * from "../../dist/errors.js";
export { createPool, createSession, type Session, transfer } from "../../dist/session/index.js";

import { afterEach } from "vitest";
import { createSession, type Session, type SessionOptions } from "../../dist/session/index.js";

const opened: Session[] = [];
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close();
});

/** A session that is closed when its test is over. */
export async function session(options: SessionOptions = {}): Promise<Session> {
  const made = await createSession({ threads: 1, ...options });
  opened.push(made);
  return made;
}

/** What a promise is rejected with. */
export async function failure(promised: Promise<unknown>): Promise<Error & { code?: unknown }> {
  return promised.then(
    () => {
      throw new Error("it was fulfilled");
    },
    (error) => error,
  );
}

/** Rows of two classes that are told apart by a word. */
export const rows = (count: number): { text: string; label: string }[] =>
  Array.from({ length: count }, (_, i) =>
    i % 2 ? { text: `good fine ${i}`, label: "yes" } : { text: `bad awful ${i}`, label: "no" },
  );
