import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Archive, gather, SETS, SOURCES, type Source, splitRows, textOf } from "./scripts.js";

const archive: Archive = { names: [], bytes: async () => new Uint8Array(), text: async () => "" };
const open = async () => archive;

const source = (name: string, ...readings: Source["readings"][number][]): Source => ({
  client: "npm",
  name,
  version: "1.0.0",
  integrity: "sha256-x",
  license: "MIT",
  says: "LICENSE",
  readings,
});
const reading = (paragraphs: string[], rest: { least?: number; limit?: number } = {}) => ({
  kind: "text",
  read: async () => paragraphs,
  ...rest,
});
const numbered = "one two three four five six seven eight nine ten eleven twelve".split(" ");
const many = numbered.map((number) => `This is line ${number} of the long text.`);

describe("gathering", () => {
  test("mixes the lines of all sources and says where they come from", async () => {
    const given = [{ kind: "mails", license: "CC0-1.0", paragraphs: ["This mail is of today."] }];
    const sources = [source("a", reading(many)), source("b", reading(["Too short.", ...many.slice(3)], { least: 2 }))];
    const { lines, counts, sha256 } = await gather({ sources, open, given, heldOut: [] });
    expect([...lines].sort()).toEqual([...many, "Too short.", "This mail is of today."].sort());
    expect(lines.slice(0, many.length)).not.toEqual(many);
    expect(counts.map(({ kind, from, found, kept }) => [kind, from.name, from.license, found, kept])).toEqual([
      ["text", "a", "MIT", 12, 12],
      ["text", "b", "MIT", 1, 1],
      ["mails", undefined, "CC0-1.0", 1, 1],
    ]);
    expect(sha256).toBe(
      createHash("sha256")
        .update(lines.map((line) => `${line}\n`).join(""))
        .digest("hex"),
    );
    expect(textOf(lines)).toMatch(/\.\n$/);
  });

  test("draws lines by their hashes where a source has more than its limit", async () => {
    const draw = (paragraphs: string[]) =>
      gather({ sources: [source("a", reading(paragraphs, { limit: 5 }))], open, given: [], heldOut: [] });
    const first = await draw(many);
    expect(first.lines).toHaveLength(5);
    expect(first.counts[0]).toMatchObject({ found: 12, kept: 5 });
    expect((await draw([...many].reverse())).lines).toEqual(first.lines);
  });

  test("takes no part of a text that is held out, however it is written", async () => {
    const heldOut = [
      "First of all! This is LINE two of the long text!",
      `Yes: "${many[4]}"; and so on`,
      "Line nine of the long text.",
    ];
    const sources = [
      source("a", reading([many.join(" "), "Line nine of the long text.", "All, this is line two."], { least: 4 })),
    ];
    const given = [
      { kind: "mails", license: "MIT", paragraphs: [many[4]!, "Yes, this is line five of the long text."] },
    ];
    const { lines } = await gather({ sources, open, given, heldOut });
    // A part of a text is left out; a line that has such a part is not, and neither is a short one that is not a sentence of it.
    const left = many.filter((line) => ![many[1], many[4]].includes(line));
    expect([...lines].sort()).toEqual([...left, "All, this is line two."].sort());
  });
});

describe("splitting", () => {
  const rows = Array.from({ length: 3_500 }, (_, i) => ({
    text: `row ${i.toString(26).replaceAll(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)]!)}`,
    label: i % 3 === 0 ? "a" : "b",
  }));

  test("gives 1,000 rows to train and at most 2,000 to test, the same in any order", () => {
    const { train, test } = splitRows(rows);
    expect([train.length, test.length]).toEqual([1_000, 2_000]);
    expect(new Set([...train, ...test].map(({ text }) => text)).size).toBe(3_000);
    expect(splitRows([...rows].reverse())).toEqual({ train, test });
    const share = train.filter(({ label }) => label === "a").length / train.length;
    expect(Math.abs(share - 1 / 3)).toBeLessThan(0.06);
  });

  test("takes copies once, and none with two labels", () => {
    const copies = [
      { text: "Great camera!", label: "positive" },
      { text: "great camera", label: "positive" },
      { text: "It is heavy.", label: "positive" },
      { text: "it is heavy", label: "negative" },
    ];
    expect(splitRows(copies)).toEqual({ train: [copies[0]], test: [] });
  });
});

describe("the tables", () => {
  test.each(SOURCES.map((each) => [each.name, each] as const))("%s has a version, a hash and a license", (_, each) => {
    expect(each.version).toMatch(/^\d+\.\d+(\.\d+)?$/);
    const [, algorithm, hash] = /^(sha256|sha512)-([\w+/]+=*)$/.exec(each.integrity)!;
    expect(Buffer.from(hash!, "base64")).toHaveLength(algorithm === "sha256" ? 32 : 64);
    expect(each.license).toMatch(/^(MIT|BSD-3-Clause|Apache-2\.0|CC0-1\.0|public domain|WordNet 3\.0 license)$/);
    expect(each.says).toMatch(/\w+: \w+/);
    expect(each.readings.length).toBeGreaterThan(0);
  });

  test("no package comes twice, and sets are of packages in the text", () => {
    const names = SOURCES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { source } of SETS) expect(SOURCES).toContain(source);
  });
});
