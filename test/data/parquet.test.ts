import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, test } from "vitest";
import { type ReadOptions, readRows } from "../../ts/data/rows.js";
import type { DataSource } from "../../ts/data/source.js";
import { DataError } from "../../ts/errors.js";
import { readTexts } from "../../ts/train/examples.js";
import { lines, pieces, read, values } from "./readBytes.js";

const folder = mkdtempSync(join(tmpdir(), "parquet-"));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = [
  { en: "A dog.", de: "Ein Hund.", id: 1, score: 0.5 },
  { en: "猫 😀", de: "", id: 2 ** 40, score: -1 },
  { en: "last", de: "letzte", id: 3, score: 2 },
];
const column = (name: "en" | "de" | "id" | "score") => rows.map((row) => row[name]);
const bytes = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      ...(["en", "de"] as const).map((name) => ({ name, data: column(name), type: "STRING" as const })),
      { name: "id", data: column("id").map((id) => BigInt(id)), type: "INT64" },
      { name: "score", data: column("score"), type: "DOUBLE" },
    ],
    rowGroupSize: 2,
  }),
);

async function readAll(source: DataSource, options: ReadOptions = {}) {
  const found = [];
  for await (const row of readRows(source, options)) found.push(row);
  return found;
}

describe("a Parquet file", () => {
  test("has rows of any columns, from a path, a Blob, bytes, a stream, or compressed", async () => {
    const path = join(folder, "a.parquet");
    writeFileSync(path, bytes);
    writeFileSync(`${path}.gz`, gzipSync(bytes));
    const named = (given: unknown) => ({ name: "a.parquet", bytes: given }) as DataSource;
    const sources = [path, `${path}.gz`, named(new Blob([bytes])), named(bytes), named(pieces(bytes, 7))];
    for (const source of [...sources, { name: "a", bytes, format: "parquet" } as const]) {
      const found = await readAll(source);
      expect(values(found)).toEqual(rows);
      expect(lines(found)).toEqual([1, 2, 3]);
    }
  });

  test("gives the columns that are asked for, and the others where they are kept", async () => {
    const some = await read("a.parquet", bytes, { columns: ["de", "en"] });
    expect(values(some)).toEqual(rows.map(({ en, de }) => ({ de, en })));
    expect(values(await read("a.parquet", bytes, { columns: ["de"], keep: true }))).toEqual(rows);
    await expect(read("a.parquet", bytes, { columns: ["fr"] })).rejects.toThrow(
      'a.parquet: no column "fr"; there are "en", "de", "id", "score"',
    );
    await expect(read("a.parquet", bytes, { columns: ["fr.x"], keep: true })).rejects.toThrow('no column "fr.x"');
  });

  test("that is none is refused by name", async () => {
    await expect(read("a.parquet", "text,label\n1,2\n")).rejects.toThrow(DataError);
    await expect(read("a.parquet", "text,label\n1,2\n")).rejects.toThrow(
      /^a\.parquet: not a Parquet file that can be read: /,
    );
    await expect(readAll(join(folder, "none.parquet"))).rejects.toThrow(/none\.parquet: no such file$/);
  });
});

describe("a column of objects, as translation data sets have one", () => {
  const objects = [
    { id: 1, translation: { en: "A dog.", de: "Ein Hund." } },
    { id: 2, translation: { en: "last", de: "letzte" } },
  ];
  const [source, target] = ["translation.en", "translation.de"] as const;
  const wanted = objects.map(({ translation }) => ({ [source]: translation.en, [target]: translation.de }));
  const parquet = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "translation", data: objects.map(({ translation }) => translation) }] }),
  );

  test.each([
    ["a.jsonl", objects.map((row) => JSON.stringify(row)).join("\n")],
    ["a.json", JSON.stringify(objects)],
    ["a.parquet", parquet],
  ])("has the columns of its fields: %s", async (name, content) => {
    expect(values(await read(name, content, { columns: [source, target] }))).toEqual(wanted);
    const kept = values(await read(name, content, { columns: [target], keep: true }));
    expect(kept.map((row) => [row[target], row.translation])).toEqual(
      objects.map(({ translation }) => [translation.de, translation]),
    );
    await expect(read(name, content, { columns: ["translation.fr"] })).rejects.toThrow(
      /^a\.\w+:1: no column "translation\.fr"; there are .*"translation"/,
    );
  });

  test("has them in memory too, and a column of that very name comes first", async () => {
    const columns = { texts: [source, target], others: [] };
    expect(values(await readTexts(objects, columns, "train"))).toEqual(
      objects.map((row, i) => ({ ...row, ...wanted[i] })),
    );
    await expect(readTexts([{ translation: "x" }], columns, "train")).rejects.toThrow(
      'train[0]: no column "translation.en"; there are translation',
    );
    const own = [{ "a.b": "itself", a: { b: "within" } }];
    expect(values(await read("a.json", JSON.stringify(own), { columns: ["a.b"] }))).toEqual([{ "a.b": "itself" }]);
    const deep = JSON.stringify([{ a: { b: { c: "deep" } } }]);
    expect(values(await read("a.json", deep, { columns: ["a.b.c"] }))).toEqual([{ "a.b.c": "deep" }]);
  });
});
