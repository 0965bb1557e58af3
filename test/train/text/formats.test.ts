import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { platform } from "../../../ts/platform/index.js";
import { type DocumentOptions, documents } from "../../../ts/train/text/documents.js";
import { Inputs } from "../../../ts/train/text/inputs.js";
import { cutAt } from "../../../ts/train/text/splitText.js";
import { temporaryFolder } from "../../process.js";

const TEXTS = ["one two", 'drei, "vier"\nfünf', "猫 😀", "last"];
const rows = TEXTS.map((text) => ({ id: 1, text }));
const csv = `id,text\n${TEXTS.map((text) => `1,"${text.replaceAll('"', '""')}"\n`).join("")}`;

const zstd = (zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdCompressSync;

/** The documents of some paths, whole. */
async function read(paths: readonly string[], change: Partial<DocumentOptions> = {}): Promise<string[]> {
  const inputs = await Inputs.open(paths, undefined, platform.downloads(join(temporaryFolder(), "cache")));
  const found: string[] = [];
  let open = "";
  const options = { column: "text", sampleBy: "document", separated: false, ...change } as const;
  for await (const { text, ends } of documents(inputs.all, options)) {
    open += text;
    if (!ends) continue;
    found.push(open);
    open = "";
  }
  expect(open).toBe("");
  await inputs.free();
  return found;
}

const parquet = (codec: "SNAPPY" | "UNCOMPRESSED") =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "id", data: [1, 1, 1, 1] },
        { name: "text", data: TEXTS },
      ],
      codec,
      rowGroupSize: 3,
    }),
  );

const FILES: Readonly<Record<string, Uint8Array>> = {
  "a.jsonl": Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join("")),
  "a.json": Buffer.from(JSON.stringify(rows)),
  "lines.json": Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join("\n")),
  "a.csv": Buffer.from(csv),
  "a.parquet": parquet("SNAPPY"),
  "plain.parquet": parquet("UNCOMPRESSED"),
};

describe("documents", () => {
  it.each(Object.keys(FILES))("of %s are its rows, compressed or not", async (name) => {
    const folder = temporaryFolder();
    const write = (as: string, bytes: Uint8Array) => {
      writeFileSync(join(folder, as), bytes);
      return join(folder, as);
    };
    expect(await read([write(name, FILES[name]!)])).toEqual(TEXTS);
    expect(await read([write(`${name}.gz`, zlib.gzipSync(FILES[name]!))])).toEqual(TEXTS);
    expect(await read([write(name, FILES[name]!)], { separated: true })).toEqual(TEXTS.map((text) => `${text}\n\n`));
    if (zstd) expect(await read([write(`${name}.zst`, zstd(FILES[name]!))])).toEqual(TEXTS);
    const magic = write(`${name}.zst`, Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]));
    await expect(read([magic])).rejects.toThrow(zstd ? /broken or truncated Zstandard/ : /decompress the file first/);
  });

  const PLAIN = "\n\none\ntwo\n\n\nthree\n four\r\n\r\nfive";
  it.each([
    ["document", false, [PLAIN.replaceAll("\r", "")]],
    ["line", false, ["", "one", "two", "three", " four", "five"]],
    ["line", true, ["\n\n", "one\n", "two\n\n\n", "three\n", " four\n\n", "five"]],
    ["paragraph", false, ["", "one\ntwo", "three\n four", "five"]],
    ["paragraph", true, ["\n\n", "one\ntwo\n\n\n", "three\n four\n\n", "five"]],
  ] as const)(
    "of plain text by %s, separated %s, are the same wherever pieces end",
    async (sampleBy, separated, want) => {
      const bytes = Buffer.from(PLAIN);
      for (const size of [1, 2, 3, 5, 100]) {
        const pieces = async function* () {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        };
        const found: string[] = [];
        let open = "";
        const input = { name: "t", format: "txt" as const, source: () => ({ name: "t", bytes: pieces() }) };
        for await (const { text, ends } of documents([input], { column: "text", sampleBy, separated })) {
          open += text;
          if (ends) found.push(open);
          if (ends) open = "";
        }
        expect([found, open]).toEqual([want, ""]);
      }
    },
  );

  it.each(["line", "paragraph"] as const)("of plain text by %s end with it, wherever pieces end", async (sampleBy) => {
    for (const size of [1, 3, 4, 100]) {
      const bytes = Buffer.from("one\n\n");
      const pieces = async function* () {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      };
      const input = { name: "t", format: "txt" as const, source: () => ({ name: "t", bytes: pieces() }) };
      const all = [];
      for await (const piece of documents([input], { column: "text", sampleBy, separated: false })) all.push(piece);
      expect([all.map(({ text }) => text).join(""), all.filter(({ ends }) => ends).length]).toEqual(["one", 1]);
      expect(all.at(-1)!.ends).toBe(true);
    }
  });

  it("are cut for held-out text behind a character, never within", async () => {
    for (let cut = 0; cut <= 9; cut++) {
      const pieces = async function* () {
        yield { text: "a😀b", ends: false };
        yield { text: "😀c😀", ends: true };
      };
      const [train, held] = ["", ""].map((_, i) => ({ text: "", i }));
      for await (const { text, isHeld } of cutAt(pieces(), cut)) (isHeld ? held! : train!).text += text;
      expect(`${train!.text}${held!.text}`).toBe("a😀b😀c😀");
      expect(train!.text).toBe(Buffer.from(train!.text).toString());
      expect([cut, cut + 1]).toContain(train!.text.length);
    }
  });

  it("of a folder and of patterns come in the order of their names", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "sub/.hidden"), { recursive: true });
    for (const name of ["b.txt", "a.txt", "sub/c1.txt", "sub/c2.txt", "sub/.hidden/d.txt", "sub/e.md", ".f.txt"])
      writeFileSync(join(folder, name), name);
    const names = async (path: string) => read([join(folder, path)]);
    expect(await names(".")).toEqual(["a.txt", "b.txt", "sub/c1.txt", "sub/c2.txt"]);
    expect(await names("*.txt")).toEqual(["a.txt", "b.txt"]);
    expect(await names("**/*.txt")).toEqual(["a.txt", "b.txt", "sub/c1.txt", "sub/c2.txt"]);
    expect(await names("sub/c[2-9].txt")).toEqual(["sub/c2.txt"]);
    expect(await names("sub/*")).toEqual(["sub/c1.txt", "sub/c2.txt", "sub/e.md"]);
    expect(await names("{b,sub/?1}.txt")).toEqual(["b.txt"]);
    await expect(names("*.pdf")).rejects.toThrow(/\*\.pdf: no file matches this pattern$/);
  });
});
