import { DataError } from "../errors.js";
import { hasDecoder, type NamedSpecials } from "./specials.js";
import type { ObjectFile } from "./textFiles.js";

/** An added token of a `tokenizer.json`. */
export interface AddedToken {
  readonly content: string;
  readonly special: boolean;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
}

/** The token's id in a file, if it has one. */
export type Placed = readonly [number | null, AddedToken];

/** The files that list added tokens. */
export interface AddedFiles {
  /** `tokenizer_config.json`. */
  readonly config: ObjectFile;
  /** `special_tokens_map.json`. */
  readonly map: ObjectFile;
  /** `added_tokens.json`. */
  readonly older: ObjectFile;
}

/**
 * Tokens outside the vocabulary, in the order in which they get ids: those of `added_tokens_decoder`
 * (`tokenizer_config.json`) or else `added_tokens.json`, then `additional_special_tokens` and `extra_special_tokens`. If
 * there is `added_tokens_decoder`, the two older files are ignored, as in transformers 4.57.6. Errors: DataError for an invalid
 * token or id.
 */
export function addedTokens({ config, map, older }: AddedFiles): Placed[] {
  const found = hasDecoder(config) ? decoderTokens(config) : olderTokens(older);
  found.sort(([a], [b]) => a - b);
  const tokens: Placed[] = [...found];
  const files = hasDecoder(config) ? [config] : [config, map];
  for (const token of files.flatMap((file) => [...additionalTokens(file), ...extraTokens(file)])) {
    const at = tokens.findIndex(([, { content }]) => content === token.content);
    if (at < 0) tokens.push([null, token]);
    else tokens[at] = [tokens[at]![0], { ...tokens[at]![1], special: true }];
  }
  return tokens;
}

/** The special tokens by role. Those missing from the vocabulary get no id. */
export const roleTokens = (specials: NamedSpecials): AddedToken[] =>
  Object.values(specials)
    .filter((token) => token !== null && token !== "")
    .map((token) => asToken(token, true, ""));

const decoderTokens = ({ value, file }: ObjectFile): [number, AddedToken][] =>
  Object.entries(asObject(value.added_tokens_decoder, `${file}: added_tokens_decoder`)).map(([id, token]) => [
    asId(Number(id), file),
    asToken(token, false, file),
  ]);

const olderTokens = ({ value, file }: ObjectFile): [number, AddedToken][] =>
  Object.entries(value).map(([content, id]) => [asId(id, file), asToken(content, false, file)]);

function additionalTokens({ value, file }: ObjectFile): AddedToken[] {
  const names = value.additional_special_tokens ?? [];
  if (!Array.isArray(names)) throw new DataError(`${file}: additional_special_tokens is not a list`);
  return names.map((name) => asToken(name, true, file));
}

/** transformers 4 names them, `{ image_token: "<image>" }`; transformers 5 lists them. */
function extraTokens({ value, file }: ObjectFile): AddedToken[] {
  const extra = value.extra_special_tokens ?? [];
  const tokens = Array.isArray(extra) ? extra : Object.values(asObject(extra, `${file}: extra_special_tokens`));
  return tokens.map((token) => asToken(token, true, file));
}

function asToken(value: unknown, special: boolean, file: string): AddedToken {
  const given = typeof value === "string" ? { content: value } : asObject(value, `${file}: an added token`);
  const { content } = given;
  if (typeof content !== "string" || content === "") {
    throw new DataError(`${file}: an added token is ${JSON.stringify(value)}, which has no content`);
  }
  const flag = (name: string, other: boolean) => (typeof given[name] === "boolean" ? (given[name] as boolean) : other);
  const isSpecial = flag("special", special);
  const sides = {
    single_word: flag("single_word", false),
    lstrip: flag("lstrip", false),
    rstrip: flag("rstrip", false),
  };
  return { content, special: isSpecial, ...sides, normalized: flag("normalized", !isSpecial) };
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DataError(`${what} is ${JSON.stringify(value)}, not an object`);
}

function asId(value: unknown, file: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32) return value as number;
  throw new DataError(`${file}: an added token has the id ${JSON.stringify(value)}, not a whole number`);
}
