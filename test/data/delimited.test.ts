import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type ReadOptions, readRows } from "../../ts/data/rows.js";
import { DataError } from "../../ts/errors.js";
import { ROOT } from "../process.js";

interface Case {
  readonly name: string;
  readonly format: "csv" | "tsv";
  readonly text: string;
  readonly separator?: string;
  readonly quoted?: boolean;
  /** The line where a reader has to give up. */
  readonly refused?: number;
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
}

const cases = JSON.parse(readFileSync(join(ROOT, "test/golden/delimited/cases.json"), "utf8")) as Case[];

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read({ format, text, separator, quoted }: Case, size: number, zipped = false) {
  const bytes = new TextEncoder().encode(text);
  const source = { name: `a.${format}`, bytes: pieces(zipped ? gzipSync(bytes) : bytes, size) };
  const options: ReadOptions = { ...(separator && { separator }), ...(quoted !== undefined && { quoted }) };
  const rows: Record<string, unknown>[] = [];
  for await (const { values } of readRows(source, options)) rows.push(values);
  return rows;
}

describe("delimited files are read as pandas and Python's csv read them:", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    for (const size of [1, 2, 7, 1 << 20]) {
      if (one.refused !== undefined) {
        const reading = read(one, size);
        await expect(reading).rejects.toBeInstanceOf(DataError);
        await expect(reading).rejects.toThrow(new RegExp(`^a\\.${one.format}:${one.refused}: [^\n]+$`));
        continue;
      }
      const want = one.rows!.map((row) => Object.fromEntries(one.columns!.map((column, i) => [column, row[i]])));
      expect(await read(one, size)).toEqual(want);
      expect(await read(one, size, true)).toEqual(want);
    }
  });
});
