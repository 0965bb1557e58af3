import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CheckpointError } from "../../ts/errors.js";
import { openFiles } from "../../ts/io/files.js";
import { openSafetensors, type Safetensors } from "../../ts/io/safetensors.js";
import { writeSafetensors } from "../../ts/io/safetensorsWriter.js";
import { readTensor } from "../../ts/io/weights.js";

interface Given {
  readonly name: string;
  readonly shape: readonly number[];
  readonly numbers: Float32Array;
}

function save(tensors: readonly Given[], metadata?: Record<string, string>): Uint8Array<ArrayBuffer> {
  const sources = tensors.map(({ name, shape, numbers }) => ({ name, shape, read: () => numbers }));
  return Uint8Array.from([...writeSafetensors(sources, metadata && { metadata })].flatMap((piece) => [...piece]));
}

const open = (bytes: Uint8Array<ArrayBuffer>): Promise<Safetensors> =>
  openSafetensors(openFiles(new Map([["m.safetensors", new Blob([bytes])]])), "m.safetensors");

/** A file of a header and data as they are given, right or wrong. */
function raw(header: string, data: readonly number[]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const read = async (dtype: string, size: number, data: readonly number[]) => {
  const file = await open(raw(`{"x":{"dtype":"${dtype}","shape":[${size}],"data_offsets":[0,${data.length}]}}`, data));
  return [...(await readTensor(file, "x"))];
};

const tensors = fc.uniqueArray(
  fc.record({ name: fc.string({ unit: "binary" }), shape: fc.array(fc.nat(4), { maxLength: 3 }), seed: fc.nat() }),
  { selector: ({ name }) => name, maxLength: 6 },
);
const given = tensors.map((list): Given[] =>
  list
    .filter(({ name }) => name !== "__metadata__")
    .map(({ name, shape, seed }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return { name, shape, numbers: Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i)) };
    }),
);

describe("the writer", () => {
  test("writes a header of sorted names, padded with spaces so that the data begin at a multiple of 8", () => {
    const one = Float32Array.of(1, -2);
    const bytes = save([
      { name: "b", shape: [2], numbers: one },
      { name: "a", shape: [1, 2], numbers: Float32Array.of(3, 4) },
      { name: "c", shape: [0, 7], numbers: new Float32Array(0) },
    ]);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect((8 + length) % 8).toBe(0);
    expect(header.trimEnd()).toBe(
      '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
        '"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"c":{"dtype":"F32","shape":[0,7],"data_offsets":[16,16]}}',
    );
    expect(header.slice(header.trimEnd().length)).toMatch(/^ *$/);
    expect([...new Float32Array(bytes.slice(8 + length).buffer)]).toEqual([3, 4, 1, -2]);
  });

  test("refuses a name twice, and numbers that are not as many as the shape says", () => {
    const numbers = Float32Array.of(1);
    expect(() => save([1, 2].map(() => ({ name: "x", shape: [1], numbers })))).toThrow('"x"');
    expect(() => save([{ name: "x", shape: [2], numbers }])).toThrow("tensor x is 1, not 2 numbers, [2]");
  });

  test("asks for a tensor only when its turn comes", () => {
    let asked = 0;
    const sources = ["a", "b"].map((name) => ({ name, shape: [1], read: () => Float32Array.of(++asked) }));
    const pieces = writeSafetensors(sources);
    pieces.next();
    expect(asked).toBe(0);
    pieces.next();
    expect(asked).toBe(1);
  });
});

test("what was saved is read back, and saved again it is the same bytes", async () => {
  await fc.assert(
    fc.asyncProperty(given, async (list) => {
      const bytes = save(list, { format: "pt", "a b": '"\n' });
      const file = await open(bytes);
      expect(Object.fromEntries(file.metadata)).toEqual({ format: "pt", "a b": '"\n' });
      const again: Given[] = [];
      for (const [name, { shape }] of file.tensors) again.push({ name, shape, numbers: await readTensor(file, name) });
      expect(again.length).toBe(list.length);
      for (const one of list) expect(again).toContainEqual(one);
      expect(save(again, Object.fromEntries(file.metadata))).toEqual(bytes);
    }),
    { seed: 1, numRuns: 200 },
  );
});

const damage = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.nat(255) }).map(({ at, byte }) => (bytes: number[]) => {
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  fc.nat().map((at) => (bytes: number[]) => bytes.slice(0, at % bytes.length)),
  fc.record({ at: fc.nat(), more: fc.uint8Array({ maxLength: 9 }) }).map(({ at, more }) => (bytes: number[]) => {
    bytes.splice(at % bytes.length, 0, ...more);
    return bytes;
  }),
);

test("a damaged file is read or refused with a CheckpointError", async () => {
  await fc.assert(
    fc.asyncProperty(given, fc.array(damage, { minLength: 1, maxLength: 3 }), async (list, damages) => {
      const bytes = damages.reduce((changed, apply) => apply(changed), [...save(list)]);
      try {
        const file = await open(Uint8Array.from(bytes));
        for (const [name, { dtype }] of file.tensors) if (dtype === "F32") await readTensor(file, name);
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
        expect((error as Error).message).toMatch(/^m\.safetensors[^\n]*$/);
      }
    }),
    { seed: 2, numRuns: 500 },
  );
});

describe("the numbers of", () => {
  test("F16 are those of IEEE 754: one, the smallest, the largest, infinities, not a number", async () => {
    const data = [0x00, 0x3c, 0x01, 0x00, 0xff, 0x7b, 0x00, 0xfc, 0x01, 0x7e, 0x00, 0x80, 0xff, 0x03];
    expect(await read("F16", 7, data)).toEqual([1, 2 ** -24, 65504, -Infinity, Number.NaN, -0, 1023 * 2 ** -24]);
  });

  test("BF16 are the upper halves of f32", async () => {
    expect(await read("BF16", 3, [0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f])).toEqual([1, -3.140625, Infinity]);
  });

  test("F64 are rounded to f32", async () => {
    const data = [...new Uint8Array(Float64Array.of(1 / 3, -1e300).buffer)];
    expect(await read("F64", 2, data)).toEqual([Math.fround(1 / 3), -Infinity]);
  });

  test("I64 are listed, and refused as f32", async () => {
    await expect(read("I64", 1, [0, 0, 0, 0, 0, 0, 0, 0])).rejects.toThrow(
      'm.safetensors: tensor "x" is I64, not one of F32',
    );
  });

  test("a tensor larger than one piece are all there", async () => {
    const numbers = Float32Array.from({ length: (1 << 20) + 3 }, (_, i) => i);
    const [head, body] = [...writeSafetensors([{ name: "x", shape: [numbers.length], read: () => numbers }])];
    const blob = new Blob([head as Uint8Array<ArrayBuffer>, body as Uint8Array<ArrayBuffer>]);
    const file = await openSafetensors(openFiles(new Map([["big", blob]])), "big");
    expect((await readTensor(file, "x")).findIndex((x, i) => x !== numbers[i])).toBe(-1);
  });
});

test.each([
  [
    "a name twice",
    '{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0078":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
    '"x" twice',
  ],
  ["a dtype twice", '{"x":{"dtype":"U8","dtype":"F32","shape":[0],"data_offsets":[0,0]}}', '"dtype" twice'],
  [
    "a dtype that every object has",
    '{"x":{"dtype":"constructor","shape":[0],"data_offsets":[0,0]}}',
    '"constructor" is unknown',
  ],
  [
    "more data than the file has",
    '{"x":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]}}',
    "past the end of the file",
  ],
  ["half a byte", '{"x":{"dtype":"F4","shape":[1],"data_offsets":[0,0]}}', "takes 0.5 bytes"],
  ["-0", '{"x":{"dtype":"U8","shape":[-0.0],"data_offsets":[0,0]}}', "not a list of whole numbers"],
  ["1e999 dimensions", '{"x":{"dtype":"U8","shape":[1e999],"data_offsets":[0,0]}}', "[1e999]"],
])("a header with %s is refused in words", async (_, header, words) => {
  await expect(open(raw(header, []))).rejects.toThrow(words);
  await expect(open(raw(header, []))).rejects.toBeInstanceOf(CheckpointError);
});

test("a tensor named __proto__ is a tensor like others, and no object is changed", async () => {
  const file = await open(raw('{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', [0, 0, 128, 63]));
  expect([...(await readTensor(file, "__proto__"))]).toEqual([1]);
  expect(({} as { dtype?: string }).dtype).toBeUndefined();
});
