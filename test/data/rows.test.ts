import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ReadOptions, type Row, readRows } from "../../ts/data/rows.js";
import { DataError } from "../../ts/errors.js";

/** A stream that gives `bytes` in pieces of `size`. */
async function* pieces(bytes: Uint8Array, size = bytes.length || 1) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(name: string, content: string | Uint8Array, options?: ReadOptions, size?: number): Promise<Row[]> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const rows: Row[] = [];
  for await (const row of readRows({ name, bytes: pieces(bytes, size) }, options)) rows.push(row);
  return rows;
}

const values = (rows: readonly Row[]) => rows.map((row) => ({ ...row.values }));
const lines = (rows: readonly Row[]) => rows.map(({ line }) => line);

const rows = [
  { text: "one", label: "1" },
  { text: 'two "quoted", and more', label: "0" },
];

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
    expect(values(await read(name, content, options, size))).toEqual(rows);
    expect(values(await read(name, gzipSync(content), options, size))).toEqual(rows);
  }
});

test("a txt file has a row a line, blank ones included", async () => {
  const got = await read("a.txt", 'one\n\n two, "x\r\n');
  expect(values(got)).toEqual([{ text: "one" }, { text: "" }, { text: ' two, "x' }]);
  expect(lines(got)).toEqual([1, 2, 3]);
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
  const field = fc.string({ unit: fc.constantFrom("a", "é", "😀", '"', ",", "\n", " ", "\t", "'") });
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1 }));
  const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(table, fc.integer({ min: 1, max: 20 }), fc.boolean(), async (fields, size, always) => {
      const header = fields[0]!.map((_, i) => `column ${i}`);
      const plain = (value: string) => (always || /[",\n]/.test(value) ? quote(value) : value);
      const text = [header, ...fields].map((row) => row.map(plain).join(",")).join("\n");
      const got = await read("a.csv", text, {}, size);
      expect(got.map((row) => Object.values(row.values))).toEqual(fields);
    }),
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

test("numbers and truth values of JSON become text as JavaScript writes them", async () => {
  expect(
    values(await read("a.jsonl", '{"a":1.50,"b":true,"__proto__":"x"}\n', { columns: ["a", "b", "__proto__"] }))[0],
  ).toEqual(
    Object.fromEntries([
      ["a", "1.5"],
      ["b", "true"],
      ["__proto__", "x"],
    ]),
  );
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
    [
      "a header twice",
      "a.csv",
      "text,label\nx,1\ntext,label\n",
      {},
      "a.csv:3: the header once more, in the midst of the rows",
    ],
    ["a column twice", "a.csv", "text,text\nx,1\n", { columns: ["text"] }, 'a.csv:1: two columns are named "text"'],
    ["broken JSON Lines", "a.jsonl", '{"text":"x"}\n{"text":"y"\n', {}, "a.jsonl:2: broken JSON: Expected"],
    ["broken JSON", "a.json", '[{"text":"x"},\n{"text"; "y"}]', {}, "a.json:2: broken JSON: Expected"],
    ["JSON that ends early", "a.json", '[{"text":"x"},\n{"text":\n', {}, "a.json:2: broken JSON: Unexpected end"],
    ["JSON that is no list", "a.json", '{"text":"x"}', {}, "a.json:1: an object, not an array of objects"],
    ["a line that is no object", "a.jsonl", "[1]\n", {}, "a.jsonl:1: a list, not an object"],
    ["an item that is no object", "a.json", '[{"a":"x"},\n\n3]', {}, "a.json:3: a number, not an object"],
    [
      "null where text is needed",
      "a.jsonl",
      '{"text":null}\n',
      { columns: ["text"] },
      'a.jsonl:1: "text" is null, not a text',
    ],
    [
      "a list where text is needed",
      "a.jsonl",
      '{"text":["x"]}\n',
      { columns: ["text"] },
      'a.jsonl:1: "text" is a list, not a text',
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
      "a.dat: the ending tells no format; name one of csv, tsv, jsonl, json, txt",
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
