import { ConfigError } from "../errors.js";
import { Tokenizer } from "./tokenizer.js";

/** The pieces of a vocabulary, by id. */
export interface PrunablePieces {
  /** What a smaller vocabulary cannot do without: special tokens, single characters, pieces with a character that has no piece of its own. */
  readonly needed: readonly number[];
  /** All others, in the vocabulary's order; those without a use, such as `[unused7]`, last. */
  readonly others: readonly number[];
  /** A piece, and those that it is merged from. */
  withParts(id: number): readonly number[];
}

/** The vocabulary of a `tokenizer.json`, as far as pruning changes it. */
interface TokenizerJson {
  readonly added_tokens?: readonly { readonly id: number; readonly content: string }[];
  readonly post_processor?: unknown;
  readonly padding?: { readonly pad_id: number } | null;
  readonly model: {
    readonly type: string;
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
    readonly merges?: readonly (string | readonly [string, string])[];
    readonly unk_token?: string | null;
    readonly unk_id?: number | null;
    readonly continuing_subword_prefix?: string | null;
  };
}

const JSON_FILE = "tokenizer.json";
const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];

const jsonOf = (tokenizer: Tokenizer): TokenizerJson =>
  JSON.parse(decoder.decode(tokenizer.files().get(JSON_FILE))) as TokenizerJson;

const vocabularyOf = ({ vocab }: TokenizerJson["model"]): ReadonlyMap<string, number> =>
  new Map(
    Array.isArray(vocab)
      ? (vocab as readonly (readonly [string, number])[]).map(([token], id) => [token, id])
      : Object.entries(vocab),
  );

const pairOf = (merge: string | readonly [string, string]): readonly [string, string] =>
  typeof merge === "string" ? (merge.split(" ") as [string, string]) : merge;

/**
 * What may be left out of a tokenizer's vocabulary: a text of pieces that stay has the same tokens as before, and no text becomes
 * unknown. Errors: ConfigError for a model of whole words.
 */
export function prunablePieces(tokenizer: Tokenizer): PrunablePieces {
  const json = jsonOf(tokenizer);
  const { model, added_tokens: added = [] } = json;
  if (!["WordPiece", "BPE", "Unigram"].includes(model.type))
    throw new ConfigError(`vocabSize: a vocabulary of the kind ${model.type} cannot be made smaller`);
  const vocabulary = vocabularyOf(model);
  const special = new Set([...added.map(({ content }) => content), ...Object.values(tokenizer.specialTokens)]);
  if (model.unk_token) special.add(model.unk_token);
  const isSingle = singleOf(model, vocabulary);
  const named = [...vocabulary].sort(([, a], [, b]) => a - b);
  const isUnused = (token: string) => /^[[<]unused[-_]?\d+[\]>]$/.test(token);
  const isNeeded = ([token, id]: readonly [string, number]) =>
    special.has(token) || (!isUnused(token) && isSingle(token)) || (model.type === "Unigram" && id === model.unk_id);
  const needed = new Set(named.filter(isNeeded).map(([, id]) => id));
  for (const { id } of added) needed.add(id);
  const others = named.filter(([, id]) => !needed.has(id));
  return {
    needed: [...needed].sort((a, b) => a - b),
    others: [...others.filter(([token]) => !isUnused(token)), ...others.filter(([token]) => isUnused(token))].map(
      ([, id]) => id,
    ),
    withParts: partsOf(model, vocabulary),
  };
}

/** Whether a piece is one character, or has one that is no piece by itself at its place. */
function singleOf(
  { type, continuing_subword_prefix }: TokenizerJson["model"],
  vocabulary: ReadonlyMap<string, number>,
): (token: string) => boolean {
  const prefix = type === "WordPiece" ? (continuing_subword_prefix ?? "##") : "";
  const inside = (character: string) => vocabulary.has(prefix + character);
  return (token) => {
    const continues = prefix !== "" && token.startsWith(prefix) && token !== prefix;
    const characters = [...(continues ? token.slice(prefix.length) : token)];
    if (characters.length <= 1) return true;
    if (type === "BPE") return false; // made by merges, whose parts stay with them
    const [first, ...rest] = characters;
    const starts = continues ? inside(first!) : vocabulary.has(first!);
    return !(starts && rest.every(inside));
  };
}

/** A piece with all that it is merged from, in a vocabulary of merges. */
function partsOf(
  { type, merges = [] }: TokenizerJson["model"],
  vocabulary: ReadonlyMap<string, number>,
): PrunablePieces["withParts"] {
  if (type !== "BPE") return (id) => [id];
  const made = new Map<number, number[]>();
  for (const merge of merges) {
    const [a, b] = pairOf(merge);
    const ids = [a + b, a, b].map((token) => vocabulary.get(token));
    const [whole, ...halves] = ids;
    if (whole !== undefined)
      made.set(whole, [...(made.get(whole) ?? []), ...(halves.filter(Number.isInteger) as number[])]);
  }
  return (id) => {
    const found = new Set([id]);
    for (const one of found) for (const part of made.get(one) ?? []) found.add(part);
    return [...found];
  };
}

/** A tokenizer with the pieces `kept` alone, old ids, ascending: their new ids are their places in this list. */
export async function prunedTokenizer(tokenizer: Tokenizer, kept: Int32Array): Promise<Tokenizer> {
  const ids = new Map(Array.from(kept, (old, id) => [old, id]));
  const files = tokenizer.files();
  const json = prunedJson(jsonOf(tokenizer), ids);
  const settings = JSON.parse(decoder.decode(files.get("tokenizer_config.json"))) as Record<string, unknown>;
  files.set(JSON_FILE, encoder.encode(JSON.stringify(json)));
  files.set("tokenizer_config.json", encoder.encode(JSON.stringify(renumbered(settings, ids))));
  files.delete("vocab.txt");
  const blobs = [...files].map(([name, bytes]) => [name, new Blob([bytes as Uint8Array<ArrayBuffer>])] as const);
  return Tokenizer.load(new Map(blobs));
}

type NewIds = ReadonlyMap<number, number>;

function prunedJson(json: TokenizerJson, ids: NewIds): object {
  const { model, added_tokens, post_processor, padding } = json;
  const { vocab, merges, unk_id } = model;
  const stays = (token: string) => ids.has(vocabulary.get(token) ?? -1);
  const vocabulary = vocabularyOf(model);
  const entries = Array.isArray(vocab)
    ? (vocab as readonly (readonly [string, number])[]).filter((_, id) => ids.has(id))
    : Object.fromEntries([...vocabulary].flatMap(([token, id]) => (ids.has(id) ? [[token, ids.get(id)!]] : [])));
  return {
    ...json,
    ...(padding && { padding: { ...padding, pad_id: ids.get(padding.pad_id) ?? 0 } }),
    added_tokens: added_tokens?.map((token) => ({ ...token, id: ids.get(token.id)! })),
    post_processor: framedBy(post_processor, ids),
    model: {
      ...model,
      vocab: entries,
      ...(unk_id != null && { unk_id: ids.get(unk_id) }),
      ...(merges && {
        merges: merges.filter((merge) => {
          const [a, b] = pairOf(merge);
          return stays(a) && stays(b) && stays(a + b);
        }),
      }),
    },
  };
}

/** A post-processor with the new ids of the tokens that it puts around texts. */
function framedBy(part: unknown, ids: NewIds): unknown {
  if (typeof part !== "object" || part === null) return part;
  const { processors, special_tokens, ...rest } = part as Record<string, unknown>;
  const ends = Object.fromEntries(
    ["sep", "cls"].flatMap((name) => {
      const pair = rest[name];
      return Array.isArray(pair) ? [[name, [pair[0], ids.get(pair[1] as number)]]] : [];
    }),
  );
  const renamed = Object.entries((special_tokens ?? {}) as Record<string, { ids: number[] }>).map(([name, token]) => [
    name,
    { ...token, ids: token.ids.map((id) => ids.get(id)) },
  ]);
  return {
    ...{ ...rest, ...ends },
    ...(Array.isArray(processors) && { processors: processors.map((one) => framedBy(one, ids)) }),
    ...(special_tokens !== undefined && { special_tokens: Object.fromEntries(renamed) }),
  };
}

/** `tokenizer_config.json` with the new ids of added tokens. */
function renumbered(settings: Readonly<Record<string, unknown>>, ids: NewIds): object {
  const { added_tokens_decoder: added } = settings;
  if (typeof added !== "object" || added === null) return settings;
  const tokens = Object.entries(added).map(([id, token]) => [ids.get(Number(id)), token] as const);
  return { ...settings, added_tokens_decoder: Object.fromEntries(tokens.filter(([id]) => id !== undefined)) };
}
