import fc from "fast-check";
import { expect, test } from "vitest";
import { parseStrictJson, type StrictJson } from "../../ts/io/strictJson.js";

/** Maps made objects and number texts numbers, so that `JSON.parse` can be held against it. */
function plain(value: StrictJson): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]));
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null ? Number(value.text) : value;
}

test("whatever JSON.stringify writes is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), fc.constantFrom(0, 1), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      expect(plain(parseStrictJson(spaced))).toEqual(JSON.parse(spaced));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("what JSON.parse refuses is refused", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), (text, at, more) => {
      const broken = text.slice(0, at % text.length) + more + text.slice((at % text.length) + 1);
      let fine = true;
      try {
        JSON.parse(broken);
      } catch {
        fine = false;
      }
      if (!fine) expect(() => parseStrictJson(broken)).toThrow(SyntaxError);
    }),
    { seed: 2, numRuns: 1000 },
  );
});

test("a key twice, and nesting beyond the limit, are refused; numbers that a double would change are kept as written", () => {
  expect(() => parseStrictJson('{"a":1,"b":{"a":1},"\\u0061":2}')).toThrow('"a" twice');
  expect(() => parseStrictJson("[[[]]]", 2)).toThrow("nested too deep");
  expect(() => parseStrictJson("[".repeat(100_000))).toThrow("nested too deep");
  expect(parseStrictJson("[9007199254740993, 9007199254740991, 1.0]")).toEqual([
    { text: "9007199254740993" },
    9007199254740991,
    { text: "1.0" },
  ]);
});

test("strings end at the first quote that is not escaped", () => {
  expect(parseStrictJson(String.raw`["a\\","b\"c","\\\"",""]`)).toEqual(["a\\", 'b"c', '\\"', ""]);
  expect(parseStrictJson(`"${"x".repeat(1e7)}"`)).toHaveLength(1e7);
  expect(() => parseStrictJson(String.raw`"a\"`)).toThrow("does not end");
});
