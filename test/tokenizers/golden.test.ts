import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RoFormerError } from "../../ts/errors.js";
import type { EncodeOptions } from "../../ts/tokenizers/options.js";
import { type Encoding, Tokenizer } from "../../ts/tokenizers/tokenizer.js";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly pair?: string;
  /** Code units, where `text` cannot stand in JSON. */
  readonly utf16?: readonly number[];
  readonly options: EncodeOptions;
  readonly ids: number[];
  readonly overflow?: readonly Encoding[];
  readonly alternative?: Encoding;
  readonly decode: string;
  readonly decodeSkip: string;
  readonly decodeOnly?: boolean;
  readonly throws?: boolean;
}

const folder = new URL("../golden/tokenizers/", import.meta.url).pathname;
const cases = (file: string): Case[] => JSON.parse(readFileSync(folder + file, "utf8")).cases;
const sets = [
  { name: "bert-base-uncased", cases: cases("bert-uncased.json") },
  { name: "bpe-1500", cases: cases("bpe-1500/expected.json") },
  { name: "roformer-words", cases: cases("roformer-words/expected.json") },
  { name: "wordpiece-2000-stored-limits", cases: cases("wordpiece-2000-stored-limits/expected.json") },
];

const given = (one: Case): [string, EncodeOptions] => [
  one.utf16 ? String.fromCharCode(...one.utf16) : one.text,
  { ...one.options, ...(one.pair === undefined ? {} : { pair: one.pair }) },
];

const plain = ({ ids, tokens, typeIds, attentionMask, offsets }: Encoding) =>
  JSON.stringify({ ids, tokens, typeIds, attentionMask, offsets });

/** The first case whose outcome is not `wanted`, in words; undefined if there is none. */
function firstDifference(
  set: readonly Case[],
  look: (one: Case) => { got: string; wanted: string[] },
): string | undefined {
  for (const one of set) {
    const { got, wanted } = look(one);
    if (!wanted.includes(got)) return `${one.name}: ${got}, not ${wanted[0]}`;
  }
  return undefined;
}

for (const { name, cases } of sets) {
  const encoded = cases.filter((one) => !one.decodeOnly && !one.throws);

  test(`${name}: ids, tokens, offsets, types and masks are those of transformers`, async () => {
    const tokenizer = await Tokenizer.load(folder + name);
    const difference = firstDifference(encoded, (one) => {
      const { overflow, ...first } = tokenizer.encode(...given(one));
      const all = (windows: readonly Encoding[]) => windows.map(plain).join("\n");
      const wanted = [all([one as unknown as Encoding, ...(one.overflow ?? [])])];
      if (one.alternative) wanted.push(plain(one.alternative));
      return { got: all([first, ...(overflow ?? [])]), wanted };
    });
    expect(difference).toBeUndefined();
  });

  test(`${name}: ids decode to the text of transformers`, async () => {
    const tokenizer = await Tokenizer.load(folder + name);
    const decode = (one: Case, skipSpecialTokens: boolean) => tokenizer.decode(one.ids, { skipSpecialTokens });
    const all = cases.filter((one) => !one.throws);
    expect(firstDifference(all, (one) => ({ got: decode(one, false), wanted: [one.decode] }))).toBeUndefined();
    expect(firstDifference(all, (one) => ({ got: decode(one, true), wanted: [one.decodeSkip] }))).toBeUndefined();
  });

  test(`${name}: what transformers refuses is an error`, async () => {
    const tokenizer = await Tokenizer.load(folder + name);
    for (const one of cases.filter((one) => one.throws)) {
      expect(() => tokenizer.encode(...given(one)), one.name).toThrow(RoFormerError);
    }
  });

  test(`${name}: a batch has the ids of its texts one by one`, async () => {
    const tokenizer = await Tokenizer.load(folder + name);
    const difference = firstDifference(encoded, (one) => {
      const [text, { pair, padding: _, stride: __, ...options }] = given(one);
      const batch = tokenizer.encodeBatch([text, text], {
        ...options,
        ...(pair === undefined ? {} : { pairs: [pair, pair] }),
      });
      const alone = tokenizer.encode(text, { ...options, pair });
      const wanted = { ids: [...alone.ids, ...alone.ids], types: [...alone.typeIds, ...alone.typeIds] };
      const got = { ids: Array.from(batch.ids), types: Array.from(batch.typeIds) };
      return { got: JSON.stringify(got), wanted: [JSON.stringify(wanted)] };
    });
    expect(difference).toBeUndefined();
  });

  test(`${name}: a saved tokenizer encodes and decodes as before`, async () => {
    const tokenizer = await Tokenizer.load(folder + name);
    const files = [...tokenizer.files()].map(([file, bytes]): [string, Blob] => [file, new Blob([bytes as BlobPart])]);
    const again = await Tokenizer.load(new Map(files));
    const difference = firstDifference(encoded, (one) => ({
      got: plain(again.encode(...given(one))) + again.decode(one.ids),
      wanted: [plain(tokenizer.encode(...given(one))) + one.decode],
    }));
    expect(difference).toBeUndefined();
  });
}
