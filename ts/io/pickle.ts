import { BufferReader, Parser } from "pickleparser";
import { checkPickle } from "./pickleGuard.js";

/** What a name in a pickle stands for: called with what the pickle gives it. */
export type PickledFunction = (...given: unknown[]) => unknown;

/** What a pickle may name and what its references mean; both throw where they do not know the answer. */
export interface PickleNames {
  /** The function called `module.name`. */
  resolve(module: string, name: string): PickledFunction;
  /** What a persistent id stands for. */
  persistent(id: unknown): unknown;
}

/**
 * The value of the pickle at the beginning of `bytes`, and where it ends. Dictionaries are maps, tuples and lists are arrays.
 * Nothing but `names` is ever called. Errors say what is wrong in words that go on after "data.pkl".
 */
export function readPickle(bytes: Uint8Array, names: PickleNames): { value: unknown; end: number } {
  const { bytes: checked, end } = checkPickle(bytes);
  const parser = new Parser({
    unpicklingTypeOfDictionary: "Map",
    // A call may not change what it is given.
    nameResolver: { resolve: (module, name) => Object.freeze(names.resolve(module, name)) },
    persistentResolver: { resolve: (id: unknown) => names.persistent(id) },
  });
  return { value: parser.read(new BufferReader(checked)), end };
}
