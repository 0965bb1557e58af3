import { DataError } from "../errors.js";
import type { TokenizerConfig } from "./specials.js";

/** A token as `tokenizer.json` lists it among its added ones. */
interface AddedToken {
  readonly content: string;
  readonly special: boolean;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
}

type Named = { readonly value: TokenizerConfig; readonly file: string };

/**
 * Tokens that stand beside the vocabulary, as JSON `[[id or null, token], …]` in the order in which they get ids: of
 * `added_tokens_decoder` (`tokenizer_config.json`) or else `added_tokens.json`, and `additional_special_tokens`.
 * Errors: DataError for what is no token and no id.
 */
export function addedTokens(config: Named, map: Named, older: Named): string {
  const decoder = config.value.added_tokens_decoder;
  const found: [number | null, AddedToken][] =
    decoder === undefined || decoder === null
      ? Object.entries(older.value).map(([content, id]) => [asId(id, older.file), asToken(content, false, older.file)])
      : Object.entries(asObject(decoder, `${config.file}: added_tokens_decoder`)).map(([id, token]) => [
          asId(Number(id), config.file),
          asToken(token, false, config.file),
        ]);
  found.sort(([a], [b]) => a! - b!);
  for (const { value, file } of [config, map]) {
    const names = value.additional_special_tokens ?? [];
    if (!Array.isArray(names)) throw new DataError(`${file}: additional_special_tokens is no list`);
    for (const name of names) {
      const token = asToken(name, true, file);
      const at = found.findIndex(([, { content }]) => content === token.content);
      if (at < 0) found.push([null, token]);
      else found[at] = [found[at]![0], { ...found[at]![1], special: true }];
    }
  }
  return JSON.stringify(found);
}

function asToken(value: unknown, special: boolean, file: string): AddedToken {
  const given = typeof value === "string" ? { content: value } : asObject(value, `${file}: an added token`);
  const { content } = given;
  if (typeof content !== "string" || content === "") {
    throw new DataError(`${file}: an added token is ${JSON.stringify(value)}, without a content`);
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
