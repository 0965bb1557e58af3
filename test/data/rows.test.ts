import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ReadOptions, type Row, readRows } from "../../ts/data/rows.js";
import { textOf } from "../../ts/data/values.js";
import { ConfigError, DataError } from "../../ts/errors.js";
import { lines, read, values } from "./readBytes.js";

const rows = [
  { text: "one", label: "1" },
  { text: 'two "quoted", and more', label: "0" },
];

const asTexts = (rows: readonly Row[]) =>
  rows.map((row) => Object.fromEntries(Object.keys(row.values).map((column) => [column, textOf(row, column)])));

test.each([
  ["a.csv", 'text,label\none,1\n"two ""quoted"", and more",0\n'],
  ["a.csv", '\ufefftext,label\r\none,1\r\n\r\n"two ""quoted"", and more",0'],
  ["a.CSV.GZ", 'text,label\none,1\n"two ""quoted"", and more",0\n'],
  ["a.tsv", 'text\tlabel\none\t1\ntwo "quoted", and more\t0\n'],
  ["a.jsonl", '{"text":"one","label":1}\n\n{"label":"0","text":"two \\"quoted\\", and more","x":null}\n'],
  ["a.ndjson", '{"text":"one","label":"1"}\r\n{"text":"two \\"quoted\\", and more","label":0}'],
  ["a.json", '[{"text":"one","label":1},\n{"text":"two \\"quoted\\", and more","label":0}]'],
])("%s gives the same rows, plain and compressed, whole and byte by byte", async (name, content) => {
  const options = { columns: ["text", "label"] };
  for (const size of [undefined, 1, 3]) {
    expect(asTexts(await read(name, content, options, size))).toEqual(rows);
    expect(asTexts(await read(name, gzipSync(content), options, size))).toEqual(rows);
  }
});

test("a txt file has a row a line, blank ones included", async () => {
  const got = await read("a.txt", 'one\n\n two, "x\r\n');
  expect(values(got)).toEqual([{ text: "one" }, { text: "" }, { text: ' two, "x' }]);
  expect(lines(got)).toEqual([1, 2, 3]);
});

test("lines of txt, jsonl and json files end with LF, CRLF or CR, as Python's open has it", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    for (const size of [1, 2, 5, 100]) {
      const txt = await read("a.txt", `\ufeffa${end}${end}b`, {}, size);
      expect([values(txt), lines(txt)]).toEqual([
        [{ text: "a" }, { text: "" }, { text: "b" }],
        [1, 2, 3],
      ]);
      const jsonl = await read("a.jsonl", `{"a":1}${end}${end}{"a":2}${end}`, {}, size);
      expect([values(jsonl), lines(jsonl)]).toEqual([
        [{ a: 1 }, { a: 2 }],
        [1, 3],
      ]);
      expect(lines(await read("a.json", `[{"a":1},${end}${end}{"a":2}]`, {}, size))).toEqual([1, 3]);
      await expect(read("a.json", `[{"a":1},${end}{"a"; 2}]`, {}, size)).rejects.toThrow("a.json:2: broken JSON");
    }
  }
});

test("only the file's first byte-order mark is dropped", async () => {
  expect(values(await read("a.txt", "\ufeffa\n\ufeffb\n", {}, 1))).toEqual([{ text: "a" }, { text: "\ufeffb" }]);
});

test("a row's line is where it begins, whatever stands in the rows before", async () => {
  const csv = 'text,label\n"a\nb\n\nc",1\r\n\r\nd,2\n"e\r\nf",3\n';
  expect(lines(await read("a.csv", csv))).toEqual([2, 7, 8]);
  expect(lines(await read("a.csv", csv, {}, 1))).toEqual([2, 7, 8]);
  expect(lines(await read("a.json", '\n[ {"a":"\\"]"},\n\n{"a":["{"],"b":"x"}, {\n}]', { columns: [] }))).toEqual([
    2, 4, 4,
  ]);
});

test("whatever is written as RFC 4180 has it is read back, in pieces of any size", async () => {
  const field = fc.string({ unit: fc.constantFrom("a", "é", "😀", '"', ",", "\n", "\r", "\ufeff", " ", "\t", "'") });
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1 }));
  const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.integer({ min: 1, max: 20 }),
      fc.boolean(),
      lineEnd,
      async (fields, size, always, end) => {
        const header = fields[0]!.map((_, i) => `column ${i}`);
        const plain = (value: string) => (always || /[",\r\n]/.test(value) ? quote(value) : value);
        const text = [header, ...fields].map((row) => row.map(plain).join(",")).join(end);
        const got = await read("a.csv", text, {}, size);
        expect(got.map((row) => Object.values(row.values))).toEqual(fields);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

test("tsv takes quotes as they are, unless told that they quote", async () => {
  const text = 'text\tlabel\n"a ""b""\t1\n';
  expect(values(await read("a.tsv", text))).toEqual([{ text: '"a ""b""', label: "1" }]);
  expect(values(await read("a.tsv", 'text\tlabel\n"a ""b"""\t1\n', { quoted: true }))).toEqual([
    { text: 'a "b"', label: "1" },
  ]);
});

test("a file without a header is read with names that are given", async () => {
  expect(
    values(
      await read("a.tsv", "gj04\t1\t\tHe left.\n", {
        header: ["source", "label", "mark", "text"],
        columns: ["text", "label"],
      }),
    ),
  ).toEqual([{ text: "He left.", label: "1" }]);
});

test("values of JSON keep their types, and become text as JavaScript writes them", async () => {
  const options = { columns: ["a", "b", "__proto__", "c", "d"] };
  const [row] = await read("a.jsonl", '{"a":1.50,"b":true,"__proto__":"x","c":null,"d":["y",2]}\n', options);
  const want: [string, unknown][] = [
    ["a", 1.5],
    ["b", true],
    ["__proto__", "x"],
    ["c", null],
    ["d", ["y", 2]],
  ];
  expect(row!.values).toEqual(Object.fromEntries(want));
  expect(["a", "b", "__proto__"].map((column) => textOf(row!, column))).toEqual(["1.5", "true", "x"]);
});

test.each<[unknown, string]>([
  [null, "null"],
  [undefined, "undefined"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
  [["x"], "a list"],
  [{ a: 1 }, "an object"],
  [new Date(0), "a date"],
  [Symbol("x"), "a symbol"],
])("%s is not a text, wherever the row is", (value, what) => {
  const row = { values: { a: value }, file: "train", line: 8 };
  expect(() => textOf(row, "a")).toThrow(new DataError(`train:8: "a" is ${what}, not a text`));
  expect(() => textOf({ ...row, index: 7 }, "a")).toThrow(new DataError(`train[7]: "a" is ${what}, not a text`));
});

test("a whole number that JavaScript rounds is not a text: two of them could be one", () => {
  const row = { values: { a: 2 ** 53 }, file: "train", line: 8 };
  expect(() => textOf(row, "a")).toThrow(/^train:8: "a" is an integer beyond 2\^53/);
});

describe("the separator of a csv file", () => {
  const columns = ["text", "label"];
  test.each([
    ["semicolons", "text;label\na, b;1\n"],
    ["semicolons in a longer header", "id;text;x, y;label\n1;a, b;;1\n".replace("x, y", "x y")],
    ["tabs", "label\ttext\n1\ta, b\n"],
    ["a comma where the columns are there so", 'label,"text",a;b\n1,"a, b",\n'],
  ])("is found: %s", async (_, text) => {
    expect(values(await read("a.csv", text, { columns }, 3))).toEqual([{ text: "a, b", label: "1" }]);
  });

  test("is a comma where another one does not give the columns that are asked for", async () => {
    expect(values(await read("a.csv", "a;b\n1;2\n", { columns: ["a;b"] }))).toEqual([{ "a;b": "1;2" }]);
    await expect(read("a.csv", "a;b\n1;2\n", { columns })).rejects.toThrow('no column "text"; there are "a;b"');
  });

  test("that would give the column is named", async () => {
    const hint = (one: string) =>
      `; ${JSON.stringify(one)} would separate it: set the separator (--separator, separator)`;
    await expect(read("a.csv", "text|label\n", { columns })).rejects.toThrow(hint("|"));
    await expect(read("a.csv", "x,y;text;label\n", { columns })).rejects.toThrow(hint(";"));
    await expect(read("a.tsv", "text,label\n", { columns })).rejects.toThrow(hint(","));
  });

  test.each([["::"], [""], ['"'], ["\n"], ["\ufeff"], [5]])("cannot be %j", async (separator) => {
    const reading = read("a.csv", "a,b\n1,2\n", { separator: separator as string });
    await expect(reading).rejects.toBeInstanceOf(ConfigError);
    await expect(reading).rejects.toThrow(`separator is ${JSON.stringify(separator)}, not one character`);
  });
});

test("a tsv row that fits only where quotes count says how to read it", async () => {
  const hint = "but the header has 2; a field begins with a quote: --quoted (quoted: true) reads quoted fields";
  for (const row of ['"a\tb"\t1', '"a\nb"\t1', 'a\t"1\t2"'])
    await expect(read("a.tsv", `text\tlabel\n${row}\n`)).rejects.toThrow(hint);
  for (const row of ["a\tb\t1", '"a"\tb\t1', 'a "b\t\tc"'])
    await expect(read("a.tsv", `text\tlabel\n${row}\n`)).rejects.toThrow(/the header has 2$/);
});

// Where a time grows with the square of the length, the next two tests run into their timeout.
test("a row of many columns takes time in proportion to them", async () => {
  const header = Array.from({ length: 200_000 }, (_, i) => `c${i}`).join(",");
  const rows = await read("a.csv", `${header}\n${header.replaceAll("c", "")}\n`, {}, 1 << 16);
  expect(rows[0]!.values.c199999).toBe("199999");
  expect(await read("a.csv", `${header}\n${header}x\n`, { columns: ["c7", "c9"] }, 1 << 16)).toHaveLength(1);
});

test("a field of many lines takes time in proportion to them", async () => {
  const field = 'some "words" in a line\n'.repeat(200_000);
  const rows = await read("a.csv", `text,label\n"${field.replaceAll('"', '""')}",1\nb,2\n`, {}, 1000);
  expect(rows[0]!.values.text === field).toBe(true);
});

test("rows come while the file is read, those in several lines too", async () => {
  let given = 0;
  const bytes = (async function* () {
    yield new TextEncoder().encode("text,label\n");
    for (; given < 1000; given++) yield new TextEncoder().encode(given % 2 === 0 ? '"a\n' : 'b",1\n');
  })();
  let rows = 0;
  for await (const { values } of readRows({ name: "a.csv", bytes })) {
    expect(values.text).toBe("a\nb");
    expect(2 * ++rows).toBeGreaterThan(given - 4);
  }
  expect(rows).toBe(500);
});

test.each(["txt", "csv", "tsv", "jsonl", "json"])("a small %s.gz that fills memory is refused soon", async (format) => {
  const bomb = gzipSync(Buffer.alloc(24 << 20, "\n"), { level: 9 });
  expect(bomb.length).toBeLessThan(1 << 16);
  const reading = async () => {
    for await (const _ of readRows({ name: `a.${format}.gz`, bytes: new Blob([bomb]) }));
  };
  await expect(reading()).rejects.toThrow(`a.${format}.gz: the gzip file grows to more than 100 times its size`);
});

test("columns that are not asked for may be twice there, or no text", async () => {
  expect(values(await read("a.csv", "a,b,a,\n1,2,3,4\n", { columns: ["b"] }))).toEqual([{ b: "2" }]);
  expect(values(await read("a.jsonl", '{"a":null,"b":"2"}\n', { columns: ["b"] }))).toEqual([{ b: "2" }]);
});

const csv = ["text", "label"];
describe("one line says what is wrong and where:", () => {
  test.each<[string, string, string | Uint8Array, ReadOptions, string]>([
    [
      "a missing column",
      "a.csv",
      "body,label\nx,1\n",
      { columns: csv },
      'a.csv:1: no column "text"; there are "body", "label"',
    ],
    [
      "a missing column of one object",
      "a.jsonl",
      '{"text":"x"}\n{"body":"x"}\n',
      { columns: ["text"] },
      'a.jsonl:2: no column "text"; there are "body"',
    ],
    ["a column of a txt file", "a.txt", "x\n", { columns: ["body"] }, 'a.txt: no column "body"; there are "text"'],
    ["an empty file", "a.csv", "", {}, "a.csv is empty"],
    ["an empty compressed file", "a.jsonl.gz", gzipSync(""), {}, "a.jsonl.gz is empty"],
    ["an empty JSON file", "a.json", " ", {}, "a.json is empty"],
    ["a header alone", "a.csv", "text,label\n", {}, "a.csv has no rows"],
    ["an empty list", "a.json", "[]", {}, "a.json has no rows"],
    ["a wider row", "a.csv", "text,label\nx,1\nx,y,1\n", {}, "a.csv:3: 3 fields, but the header has 2"],
    ["a narrower row", "a.tsv", "text\tlabel\nx\n", {}, "a.tsv:2: 1 field, but the header has 2"],
    ["an open quote", "a.csv", 'text,label\nx,1\n"y\nz,1\nq,2\n', {}, "a.csv:3: a quote is opened and never closed"],
    [
      "an open quote in the second line of a row",
      "a.csv",
      'text,label\n"x\ny","1\nq,2\n',
      {},
      "a.csv:3: a quote is opened and never closed",
    ],
    ["text after a quote", "a.csv", 'text,label\n"x" y,1\n', {}, "a.csv:2: text follows a closing quote"],
    ["a header twice", "a.csv", "text,label\nx,1\ntext,label\n", {}, "a.csv:3: the header occurs again among the rows"],
    ["a column twice", "a.csv", "text,text\nx,1\n", { columns: ["text"] }, 'a.csv:1: two columns are named "text"'],
    ["broken JSON Lines", "a.jsonl", '{"text":"x"}\n{"text":"y"\n', {}, "a.jsonl:2: broken JSON: Expected"],
    ["broken JSON", "a.json", '[{"text":"x"},\n{"text"; "y"}]', {}, "a.json:2: broken JSON: Expected"],
    ["JSON that ends early", "a.json", '[{"text":"x"},\n{"text":\n', {}, "a.json:2: broken JSON: Unexpected end"],
    ["JSON that is no list", "a.json", '{"text":"x"}', {}, "a.json:1: an object, not an array of objects"],
    ["a line that is no object", "a.jsonl", "[1]\n", {}, "a.jsonl:1: a list, not an object"],
    ["an item that is no object", "a.json", '[{"a":"x"},\n\n3]', {}, "a.json:3: a number, not an object"],
    [
      "bytes that are not UTF-8, after CR alone",
      "a.csv",
      Buffer.from("text,label\rx,1\r\ncaf\xe9,1\r", "latin1"),
      {},
      "a.csv:3: not valid UTF-8",
    ],
    [
      "a space before a quote",
      "a.csv",
      'text,label\na, "b, c"\n',
      {},
      "a.csv:2: 3 fields, but the header has 2; a quote counts only at the start of a field",
    ],
    [
      "bytes that are no UTF-8",
      "a.csv",
      Buffer.from("text,label\nx,1\ncaf\xe9,1\n", "latin1"),
      {},
      "a.csv:3: not valid UTF-8",
    ],
    [
      "a character cut in the middle",
      "a.txt",
      new TextEncoder().encode("ok\né").subarray(0, 4),
      {},
      "a.txt:2: not valid UTF-8",
    ],
    ["UTF-16", "a.csv", Buffer.from("\ufefftext,label\n", "utf16le"), {}, "a.csv:1: this is UTF-16, not UTF-8"],
    [
      "a binary file",
      "a.csv",
      Uint8Array.of(80, 75, 3, 4, 10, 0, 1),
      {},
      "a.csv:2: a NUL byte: this is a binary file, not text",
    ],
    [
      "a truncated gzip file",
      "a.csv.gz",
      gzipSync("text,label\nx,1\n").subarray(0, 30),
      {},
      "a.csv.gz: broken or truncated gzip",
    ],
    [
      "a broken gzip file",
      "a.csv",
      Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9),
      {},
      "a.csv: broken or truncated gzip",
    ],
    [
      "an unknown ending",
      "a.dat",
      "x",
      {},
      "a.dat: unknown file extension; give a format, one of csv, tsv, jsonl, json, txt",
    ],
  ])("%s", async (_, name, content, options, message) => {
    for (const size of [undefined, 1, 5]) {
      const failed = read(name, content, options, size);
      await expect(failed).rejects.toBeInstanceOf(DataError);
      await expect(failed).rejects.toThrow(message);
      await failed.catch((error: Error) => expect(error.message).not.toContain("\n"));
    }
  });
});

test("a path is read, and one that is absent or a folder is named", async () => {
  const home = mkdtempSync(join(tmpdir(), "rows-"));
  try {
    writeFileSync(join(home, "a.csv"), "text\nx\n");
    const first = (path: string) => readRows(path).next();
    for await (const row of readRows(join(home, "a.csv"))) expect(row.values).toEqual({ text: "x" });
    await expect(first(join(home, "b.csv"))).rejects.toThrow(`${join(home, "b.csv")}: no such file`);
    await expect(first(home)).rejects.toThrow(DataError);
    await expect(readRows(home, { format: "csv" }).next()).rejects.toThrow("is a folder, not a file");
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("blobs, bytes and streams give what a file gives; a stream is told when nobody reads on", async () => {
  const bytes = new TextEncoder().encode("text\nx\ny\n");
  for (const source of [new Blob([bytes]), bytes, new Blob([bytes]).stream()]) {
    const got: Row[] = [];
    for await (const row of readRows({ name: "a.csv", bytes: source })) got.push(row);
    expect(values(got)).toEqual([{ text: "x" }, { text: "y" }]);
  }
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const row of readRows({ name: "a.txt", bytes: endless })) if (row.line === 5) break;
  expect(cancelled).toBe(true);
});

test("a quote that is never closed in a megabyte of rows is found in time that grows with the size alone", async () => {
  const text = `text,label\n"open,1\n${"some words,1\n".repeat(100_000)}`;
  await expect(read("a.csv", text, {}, 4096)).rejects.toThrow("a.csv:2: a quote is opened and never closed");
});
