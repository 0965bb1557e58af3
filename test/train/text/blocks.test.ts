import { describe, expect, it } from "vitest";
import { DocumentBlocks, PackedBlocks } from "../../../ts/train/text/blocks.js";
import { SEGMENT, SectionReader, SectionWriter, sectionBytes, widthOf } from "../../../ts/train/text/segments.js";

/** A section of documents of given lengths, whose ids are their positions modulo the vocabulary. */
function section(lengths: readonly number[], vocabSize: number): SectionReader {
  const width = widthOf(vocabSize, false);
  const writer = new SectionWriter(width);
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    pieces.push(...writer.add(Int32Array.from({ length }, (_, i) => (at + i) % vocabSize)));
    writer.endDocument();
    at += length;
  }
  pieces.push(...writer.end());
  const bytes = new Uint8Array(Buffer.concat([new Uint8Array(3), ...pieces]));
  expect(bytes.length - 3).toBe(sectionBytes(writer.section, width));
  const read = async (start: number, end: number) => bytes.subarray(start, end);
  return new SectionReader(writer.section, { read, start: 3, width });
}

const VOCABULARY = 200_000;
const all = async (blocks: PackedBlocks | DocumentBlocks, epoch: number) =>
  Promise.all(Array.from({ length: blocks.count }, (_, i) => blocks.read(i, epoch)));

describe("segments", () => {
  it.each([50, 100_000])(
    "give back ids of a vocabulary of %i across their borders, and where documents end",
    async (V) => {
      const text = section([SEGMENT - 1, 3, 0, 2 * SEGMENT, 1], V);
      expect(text.length).toBe(3 * SEGMENT + 3);
      for (const [from, to] of [
        [0, 5],
        [SEGMENT - 2, SEGMENT + 2],
        [0, text.length],
        [2 * SEGMENT - 1, text.length],
      ] as const)
        expect([...(await text.tokens(from, to))]).toEqual(Array.from({ length: to - from }, (_, i) => (from + i) % V));
      const ends = await Promise.all(text.section.ends.map((_, segment) => text.ends(segment)));
      expect(ends.flat()).toEqual([SEGMENT - 1, SEGMENT + 2, 3 * SEGMENT + 2, 3 * SEGMENT + 3]);
    },
  );
});

describe("blocks of packed text", () => {
  it.each([
    [1000, 64],
    [65, 64],
    [63, 64],
    [2 * SEGMENT + 17, 512],
  ])("have each of %i tokens once an epoch, in windows of at most %i", async (length, window) => {
    const blocks = new PackedBlocks(section([length], VOCABULARY), window, 5);
    const starts = new Set<number>();
    for (const epoch of [0, 1, 2]) {
      const read = await all(blocks, epoch);
      const seen = read.flatMap((ids) => [...ids]).sort((a, b) => a - b);
      expect(seen).toEqual(Array.from({ length }, (_, i) => i));
      expect(Math.max(...read.map((ids) => ids.length))).toBeLessThanOrEqual(window);
      for (const ids of read)
        for (let i = 1; i < ids.length; i++) expect((ids[i]! - ids[i - 1]! + length) % length).toBe(1);
      starts.add(read[0]![0]!);
    }
    expect(starts.size).toBe(length > window ? 3 : 1); // each epoch cuts elsewhere
  });
});

describe("blocks of documents", () => {
  it("begin with each document, hold no other, and cut longer ones evenly", async () => {
    const lengths = [5, 64, 65, 0, 1, 200, SEGMENT + 9, 3];
    const text = section(lengths, VOCABULARY);
    const blocks = await DocumentBlocks.open(text, 64, 1);
    const read = await all(blocks, 0);
    const want: number[][] = [];
    let at = 0;
    for (const length of lengths) {
      const count = Math.ceil(length / 64);
      for (let i = 0; i < count; i++) {
        const [from, to] = [Math.round((i * length) / count), Math.round(((i + 1) * length) / count)];
        want.push(Array.from({ length: to - from }, (_, j) => at + from + j));
      }
      at += length;
    }
    expect(read.map((ids) => [...ids])).toEqual(want);
    expect((await DocumentBlocks.open(text, 64, 2)).count).toBe(blocks.count - 1);
  });
});
