import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "../../ts/errors.js";
import { openFiles } from "../../ts/io/files.js";
import { readPickle } from "../../ts/io/pickle.js";
import { openTorch } from "../../ts/io/torch.js";
import { tensorsOf, torchNames } from "../../ts/io/torchTensors.js";
import { readTensor } from "../../ts/io/weights.js";

const bin = (folder: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../golden/${folder}/pytorch_model.bin`, import.meta.url)));
const open = (bytes: Uint8Array<ArrayBuffer>) => openTorch(openFiles(new Map([["m.bin", new Blob([bytes])]])), "m.bin");
/** A pickle: text as its Latin-1 bytes, after the protocol's mark. */
const pickle = (text: string) => Uint8Array.from(`\x80\x02${text}`, (letter) => letter.charCodeAt(0));
const read = (text: string) => readPickle(pickle(text), torchNames).value;

describe("a pickle", () => {
  it.each([
    ["a length that leads backwards", "B\xff\xff\xff\xff.", "operation 0x42, which no tensors need, at byte 2"],
    ["an operation that ends inside its number", "J\x01\x00", "ends after 5 bytes, where 4 more are needed, at byte 3"],
    ["a name that does not end", "ccollections", "ends inside a name"],
    ["values from below a mark", "K\x01(\x85.", "takes 1 values where there are 0 (TUPLE1)"],
    ["the end of a list that has no begin", "t.", "ends a list that it has not begun"],
    ["items without a dictionary", "(K\x01K\x02u.", "adds to a list or dictionary that is not there"],
    ["a key without a value", "}(K\x01u.", "a key without a value"],
    [
      "an object of a class",
      "ctorch.nn\nLinear\n)\x81.",
      'of the class "torch.nn.Linear", as torch.save(model) writes it',
    ],
    ["a call of what is no function", "K\x01)R.", "func is not a function"],
    ["a call of a storage's class", "ctorch\nFloatStorage\n)R.", "calls torch.FloatStorage"],
    ["a class that nobody listed", "ctorch\nload\n.", 'names "torch.load"'],
    ["the members of every object", "cconstructor\nconstructor\n.", 'names "constructor.constructor"'],
    ["a tensor without a storage", "ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00))tR.", "a tensor without a storage"],
    ["a reference to something else", "K\x01Q.", "something that is not a storage"],
  ])("with %s is refused", (_, text, message) => {
    expect(() => tensorsOf(read(text))).toThrow(message);
  });

  it.each([
    ["K\x01", "K\x04\x85", "K\x01\x85"],
    ["K\x00", "K\x02K\x02\x86", "K\x04K\x01\x86"],
    ["K\x00", "K\x05\x85", "K\x00\x85"],
  ])(
    "with a tensor from %j of sizes %j and strides %j in a storage of 4 numbers is refused",
    (offset, sizes, strides) => {
      const storage = "(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ";
      const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}${sizes}${strides}\x89)tR.`;
      expect(() => read(tensor)).toThrow("of a storage of 4 numbers (F32)");
    },
  );

  it("ends where it ends, and gives maps and arrays", () => {
    expect(readPickle(pickle("}(X\x01\0\0\0aK\x05K\x06\x86u.rest"), torchNames)).toEqual({
      value: new Map([["a", [5, 6]]]),
      end: 17,
    });
  });

  it.each([
    ["an integer that no number holds", "\x8a\x07\x01\x01\x01\x01\x01\x01\x01.", "???????"],
    ["a negative integer", "\x8a\x01\xff.", "?"],
    ["the largest integer that is one", "\x8a\x06\xff\xff\xff\xff\xff\x7f.", 2 ** 47 - 1],
    ["a float", "G\x3f\xe0\0\0\0\0\0\0.", 0.5],
  ])("with %s gives what cannot pass for another number", (_, text, value) => {
    expect(read(text)).toBe(value);
  });

  it("sets no attributes: the tuple (1,) keeps its length", () => {
    expect(read("K\x01\x85}X\x06\0\0\0lengthJ\xff\xff\xff\x7fsb.")).toEqual([1]);
  });

  it("cannot change what it may call", () => {
    const attributes = "ccollections\nOrderedDict\n}X\x05\0\0\0extraK\x05sb.";
    expect(Object.keys(read(attributes) as object)).toEqual([]);
    expect([...(read("ccollections\nOrderedDict\n)R.") as Map<unknown, unknown>)]).toEqual([]);
  });
});

describe("a .bin file", () => {
  it.each(["good-bin", "good-bin-views", "good-bin-legacy", "good-bin-state-dict"])(
    "%s that is damaged is read or refused, and nothing else",
    async (name) => {
      const sound = bin(`checkpoint_formats/${name}`);
      const damage = fc.record({ at: fc.nat(sound.length - 1), byte: fc.nat(255) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(damage, { minLength: 1, maxLength: 3 }),
          fc.option(fc.nat(sound.length)),
          async (list, end) => {
            const bytes = sound.slice(0, end ?? undefined);
            for (const { at, byte } of list) if (at < bytes.length) bytes[at] = byte;
            try {
              const file = await open(bytes);
              for (const [tensor, { dtype, shape }] of file.tensors) {
                if (!/^B?F\d+$/.test(dtype)) continue;
                const size = shape.reduce((product, n) => product * n, 1);
                expect((await readTensor(file, tensor)).length).toBe(size);
              }
            } catch (error) {
              expect(error).toBeInstanceOf(CheckpointError);
              expect((error as Error).message).toMatch(/^m\.bin: [^\n]+$/);
            }
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  it("is not read as a whole: of one tensor, its own bytes are", async () => {
    const files = openFiles(new Map([["m.bin", new Blob([bin("storage/bin")])]]));
    const asked: number[] = [];
    const watched = {
      ...files,
      readRange(file: string, start: number, end: number) {
        asked.push(end - start);
        return files.readRange(file, start, end);
      },
    };
    const file = await openTorch(watched, "m.bin");
    const opened = asked.length;
    const [name, { shape }] = [...file.tensors][0]!;
    await readTensor(file, name);
    // The header before the storage, and the storage.
    expect(asked.slice(opened)).toEqual([30, 4 * shape.reduce((product, n) => product * n, 1)]);
  });
});
