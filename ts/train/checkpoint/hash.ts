import { hashOf } from "../../io/hashes.js";
import type { Example } from "../tasks/task.js";

/** The bytes of numbers, in the order of this machine. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** SHA-256 of examples: their ids, and what the model should make of them. */
export const hashExamples = (examples: readonly Example[]): Promise<string> => hashOf(piecesOf(examples));

function* piecesOf(examples: readonly Example[]): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const { sequences, label } of examples) {
    const ids = sequences.map(({ ids, typeIds }) => [Array.from(ids), Array.from(typeIds)]);
    yield encoder.encode(`${JSON.stringify([ids, label])}\n`);
  }
}
