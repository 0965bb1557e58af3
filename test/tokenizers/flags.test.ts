import { describe, expect, test } from "vitest";
import { DataError } from "../../ts/errors.js";
import { Tokenizer } from "../../ts/tokenizers/tokenizer.js";
import { golden } from "../golden.js";
import { filesOf } from "./small.js";

/** The files of a folder, by what stands in them; `vocab: false` leaves `vocab.txt` out. */
interface Folder {
  readonly json?: string;
  readonly vocab?: false;
  readonly config?: object;
  readonly settings?: object;
  readonly map?: object;
  readonly added?: object;
}
interface Outcome {
  readonly tokens: string[];
  readonly roles: (string | null)[];
}
type Version = "4.57.6" | "5.24.0";

const { vocabulary, texts, jsons, outcomes, versions, cases } = golden<{
  readonly vocabulary: string[];
  readonly texts: string[];
  readonly jsons: Record<string, { readonly model: object }>;
  readonly outcomes: Outcome[];
  readonly versions: Record<Version, (number | null)[]>;
  readonly cases: Folder[];
}>("tokenizerFlags/cases.json");
const ROLES = ["unk", "pad", "cls", "sep", "mask"] as const;

function folder({ json, vocab, config, settings, map, added }: Folder): Map<string, Blob> {
  const files: Record<string, object | string | undefined> = {
    "config.json": config,
    "tokenizer_config.json": settings,
    "special_tokens_map.json": map,
    "added_tokens.json": added,
    "vocab.txt": vocab === false ? undefined : `${vocabulary.join("\n")}\n`,
  };
  if (json !== undefined) {
    const { model, ...parts } = jsons[json]!;
    const ids = Object.fromEntries(vocabulary.map((token, id) => [token, id]));
    files["tokenizer.json"] = { ...parts, model: { ...model, vocab: ids } };
  }
  return filesOf(Object.fromEntries(Object.entries(files).filter(([, content]) => content !== undefined)) as never);
}

const tokensOf = (tokenizer: Tokenizer) => texts.map((text) => tokenizer.encode(text).tokens.join(" "));

/** What both versions make of a folder, 4.57.6 where they differ, or the one that loads it. */
const expected = (i: number): Outcome | undefined => outcomes[versions["4.57.6"][i] ?? versions["5.24.0"][i] ?? -1];
const isJapanese = (one: Folder) => JSON.stringify(one).includes("BertJapaneseTokenizer");
const loaded = cases.flatMap((one, i) => {
  const want = expected(i);
  return want && !isJapanese(one) ? [[JSON.stringify(one), one, want] as const] : [];
});

describe("a folder loads as AutoTokenizer loads it", () => {
  test.each(loaded)("%s", async (_, one, want) => {
    const tokenizer = await Tokenizer.load(folder(one));
    expect(tokensOf(tokenizer)).toEqual(want.tokens);
    const roles = ROLES.map((role) => tokenizer.specialTokens[role] ?? null);
    // A class without roles of its own has here those that its tokens are known by.
    const isPlain = want.roles[0] === null;
    expect(roles.map((token, i) => (isPlain ? (want.roles[i] ?? null) && token : token))).toEqual(want.roles);
  });

  test("more than 150 of them", () => expect(loaded.length).toBeGreaterThan(150));
});

describe("a tokenizer that is saved reads back the same", () => {
  test.each(loaded)("%s", async (_, one) => {
    const tokenizer = await Tokenizer.load(folder(one));
    const again = await Tokenizer.load(filesOf(Object.fromEntries(tokenizer.files())));
    expect(tokensOf(again)).toEqual(tokensOf(tokenizer));
    expect(again.specialTokens).toEqual(tokenizer.specialTokens);
    expect(again.files()).toEqual(tokenizer.files());
  });
});

test("a class whose words another program cuts is refused", async () => {
  for (const one of cases.filter(isJapanese)) {
    await expect(Tokenizer.load(folder(one))).rejects.toThrow(DataError);
    await expect(Tokenizer.load(folder(one))).rejects.toThrow(
      /^tokenizer_config.json: tokenizer_class is "BertJapanese/,
    );
  }
});

test("a flag that is null counts as absent, where transformers fails", async () => {
  const failing = cases.filter(({ settings }) => Object.values(settings ?? {}).includes(null));
  expect(failing.length).toBeGreaterThan(3);
  for (const one of failing.filter((one) => expected(cases.indexOf(one)) === undefined)) {
    const without = await Tokenizer.load(folder({ ...one, settings: {} }));
    expect(tokensOf(await Tokenizer.load(folder(one)))).toEqual(tokensOf(without));
  }
});
