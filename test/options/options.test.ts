import { describe, expect, it } from "vitest";
import { cases } from "./cases.js";
import { takings } from "./reference.js";

/** Objects that are data, or objects with methods, and not options: a field that is missing shows by itself. */
const DATA: Readonly<Record<string, string>> = {
  Files: "methods that read a folder",
  RoFormerConfigInput: "config.json: fields of other names are kept (test/models/config.test.ts)",
  Question: "a row of data, which may have further columns",
  ChoiceQuestion: "a row of data, which may have further columns",
  Packed: "a batch, whose arrays are required",
  Sequences: "a batch, whose arrays are required",
  PackedStates: "a batch, whose arrays are required",
  TrainBatch: "a batch, whose parts are required",
  Targets: "labels: the head's loss refuses a batch without its own",
  OwnLoss: "told apart from labels by `loss`",
  EncoderStates: "a batch, whose parts are required",
  RotaryTable: "sines and cosines",
  ConstantInit: "told apart by `kind`",
  NormalInit: "told apart by `kind`",
  UniformInit: "told apart by `kind`",
  Trainable: "anything with a store of parameters",
  OptimizerState: "what `state()` gave",
  SessionModel: "a model",
  Unsaved: "what an error carries",
  RoFormerErrorOptions: "an error that is made must not be hidden by another one",
};

/** What users write for the library to call, and what hands its options on to another function of this list. */
const ELSEWHERE =
  /^(Attention|Recurrent|Head|HeadFactory|HeadOptions|OwnLoss|Optimizer|TensorBoard)\.|^tensorBoard |^EncoderLayer\.forward /;

const keyOf = ({ path, type }: { path: string; type: string }) => `${path} ${type}`;
const checked = takings.filter((one) => !Object.hasOwn(DATA, one.type) && !ELSEWHERE.test(keyOf(one)));

/** `name` with two neighboring letters swapped, or one left out. */
function misspell(name: string, names: readonly string[]): string {
  const swapped = Array.from({ length: name.length - 1 }, (_, i) => {
    const at = name.length - 2 - i;
    return name.slice(0, at) + name[at + 1] + name[at] + name.slice(at + 2);
  });
  // Not a name, nor as near to another one.
  const isNear = (one: string, other: string) =>
    one.length === other.length && [...one].filter((letter, i) => letter !== other[i]).length < 2;
  return [...swapped, `${name}s`].find((one) => !names.some((other) => isNear(one, other)))!;
}

/** What a call ends with: the error that it throws, or that its promise is rejected with. */
async function failure(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was taken");
}

describe("a misspelled option", () => {
  it("is looked for in every public function that takes options", () => {
    expect(
      Object.keys(cases)
        .filter((key) => !/(softmax|none) \w+$/.test(key))
        .sort(),
    ).toEqual(checked.map(keyOf).sort());
    expect(checked.length).toBeGreaterThan(100);
  });

  it.each(checked.map((one) => [keyOf(one), one] as const))("is refused by name: %s", async (key, { names }) => {
    for (const name of names) {
      const wrong = misspell(name, names);
      const error = await failure(() => cases[key]!({ [wrong]: 1 } as never));
      expect(error, `${key}: ${wrong}`).toMatchObject({ name: "ConfigError", code: "CONFIG_ERROR" });
      expect(error.message).toMatch(new RegExp(`: unknown (option|input|factor|field) "${wrong}"; `));
      if (name.length > 2) expect(error.message).toContain(`; did you mean "${name}"?`);
    }
  });

  it.each(checked.map((one) => [keyOf(one), one] as const))(
    "counts as absent where it is undefined: %s",
    async (key, { names }) => {
      const wrong = misspell(names[0]!, names);
      const message = await failure(() => cases[key]!({ [wrong]: undefined } as never)).catch(() => undefined);
      expect(message?.message ?? "").not.toMatch(/: unknown (option|input|factor|field) /);
    },
  );

  it.each(checked.filter(({ type }) => /Options$/.test(type)).map((one) => [keyOf(one), one] as const))(
    "is not the only way to be wrong: options that are no object are refused: %s",
    async (key) => {
      for (const [options, shown] of [
        [null, "null"],
        [3, "3"],
        ["x", '"x"'],
        [["x"], "a list"],
        [new Map(), "Map"],
        [() => 1, "a function"],
      ] as const) {
        const error = await failure(() => cases[key]!(options as never));
        expect(error, `${key}: ${shown}`).toMatchObject({ name: "ConfigError" });
        expect(error.message).toContain(`: the options are ${shown}; expected an object`);
      }
    },
  );
});
