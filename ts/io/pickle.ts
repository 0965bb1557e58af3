import { BufferReader, Parser } from "pickleparser";
import { checkPickle } from "./pickleGuard.js";

/** The function that a name in a pickle refers to: called with the pickle's arguments. */
export type PickledFunction = (...given: unknown[]) => unknown;

/** Resolves the names and references in a pickle; both throw if they do not know the answer. */
export interface PickleNames {
  /** The function called `module.name`. */
  resolve(module: string, name: string): PickledFunction;
  /** The value of a persistent id. */
  persistent(id: unknown): unknown;
}

/**
 * Parses the pickle at the beginning of `bytes`; returns its value and its end. Dictionaries become maps, tuples and lists arrays.
 * Only `names` is ever called. Messages of errors continue after "data.pkl".
 */
export function readPickle(bytes: Uint8Array, names: PickleNames): { value: unknown; end: number } {
  const { bytes: checked, end } = checkPickle(bytes);
  const parser = new Parser({
    unpicklingTypeOfDictionary: "Map",
    // A call must not change its arguments.
    nameResolver: { resolve: (module, name) => Object.freeze(names.resolve(module, name)) },
    persistentResolver: { resolve: (id: unknown) => names.persistent(id) },
  });
  return { value: parser.read(new BufferReader(checked)), end };
}
