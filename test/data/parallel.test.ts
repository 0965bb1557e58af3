import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { type ParallelFiles, readParallel } from "../../ts/data/parallel.js";
import { DataError } from "../../ts/errors.js";
import { pieces } from "./readBytes.js";

const folder = mkdtempSync(join(tmpdir(), "parallel-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

async function read(files: ParallelFiles, columns?: readonly string[]) {
  const rows = [];
  for await (const row of readParallel(files, { columns })) rows.push(row);
  return rows;
}

const english = "A dog.\n\nTwo men cook.\n";
const german = "Ein Hund.\r\nleer \r\nZwei Männer kochen.";
const pairs = [
  ["A dog.", "Ein Hund."],
  ["", "leer "],
  ["Two men cook.", "Zwei Männer kochen."],
];

describe("two parallel files", () => {
  test("give a row a line, blank ones included, plain or compressed, with any line ends and extensions", async () => {
    const [en, de] = [file("t.en", english), file("t.de", german)];
    const zipped = file("t.de.gz", gzipSync(`\ufeff${german}`));
    for (const files of [
      { source: en, target: de },
      { source: en, target: zipped },
    ]) {
      const rows = await read(files, ["target", "source"]);
      expect(rows.map(({ values }) => [values.source, values.target])).toEqual(pairs);
      expect(rows.map(({ file, line }) => [file, line])).toEqual([1, 2, 3].map((line) => [en, line]));
    }
  });

  test("are read in step, whatever pieces they come in", async () => {
    const bytes = (text: string, size: number) => pieces(new TextEncoder().encode(text), size);
    for (const sizes of [
      [1, 7],
      [100, 2],
    ] as const) {
      const [source, target] = [english, german].map((text, i) => ({ name: `t${i}`, bytes: bytes(text, sizes[i]!) }));
      const rows = await read({ source: source!, target: target! });
      expect(rows.map(({ values }) => [values.source, values.target])).toEqual(pairs);
    }
  });

  test("of 200,000 lines and different numbers of lines are refused with both numbers", async () => {
    const long = "some words of a line\n".repeat(200_000);
    const [one, other] = [file("long.en", long), file("long.de", `${long}x`)];
    expect((await read({ source: one, target: one.replace(/en$/, "de") }).catch((error) => error)).message).toBe(
      `${one} has 200,000 lines, ${other} has 200,001 lines: parallel files must have as many, since line n belongs to line n`,
    );
    await expect(read({ source: other, target: one })).rejects.toThrow(
      `${other} has 200,001 lines, ${one} has 200,000 lines: `,
    );
    expect((await read({ source: file("also.en", long), target: one })).length).toBe(200_000);
    const short = file("short.en", "x");
    await expect(read({ source: one, target: short })).rejects.toThrow(
      `${one} has 200,000 lines, ${short} has 1 line: `,
    );
  });

  test.each([
    [
      "one file twice",
      { source: "a.en", target: "a.en" },
      "a.en is both the source and the target: they must be two files",
    ],
    ["a file that is missing", { source: "a.en", target: "a.de" }, /a\.\w\w: no such file$/],
    [
      "no file",
      { source: "a.en", target: undefined },
      "readParallel: the target is undefined, not a path or bytes with a name",
    ],
    [
      "a number",
      { source: 3, target: "a.en" },
      "readParallel: the source is a number, not a path or bytes with a name",
    ],
  ])("are two files: %s", async (_, files, message) => {
    await expect(read(files as ParallelFiles)).rejects.toThrow(DataError);
    await expect(read(files as ParallelFiles)).rejects.toThrow(message);
  });

  test("are text, and not empty: what is wrong is named with its file and line", async () => {
    const good = file("good.en", "a\nb\n");
    const source = file("bad.en", new Uint8Array([97, 10, 0xff, 10]));
    await expect(read({ source, target: good })).rejects.toThrow(`${source}:2: not valid UTF-8`);
    const empty = file("empty.de", "");
    await expect(read({ source: good, target: empty })).rejects.toThrow(`${empty} is empty`);
    await expect(read({ source: empty, target: good })).rejects.toThrow(`${empty} is empty`);
  });

  test("have two columns", async () => {
    const [source, target] = [file("c.en", "a"), file("c.de", "b")];
    await expect(read({ source, target }, ["source", "label"])).rejects.toThrow(
      `${source} and ${target}: no column "label"; there are "source", "target"`,
    );
  });

  test("are closed when no more rows are wanted", async () => {
    const closed: string[] = [];
    const endless = (name: string) => ({
      name,
      bytes: (async function* () {
        try {
          for (;;) yield new TextEncoder().encode("line\n");
        } finally {
          closed.push(name);
        }
      })(),
    });
    for await (const { line } of readParallel({ source: endless("a"), target: endless("b") })) if (line === 3) break;
    expect(closed.sort()).toEqual(["a", "b"]);
  });
});
