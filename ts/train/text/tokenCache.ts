import { joinBytes } from "../../io/joinBytes.js";
import type { Downloads } from "../../platform/index.js";
import { cannotWrite } from "./cacheErrors.js";
import { hashOfTexts } from "./measure.js";
import { openTokens, type TokenFile, type TokenSource, tokenBytes } from "./tokenFile.js";

/** What an encoded text follows from: hashes of the text, of the tokenizer, and of how they were put together. */
export interface Origin {
  readonly text: string;
  readonly tokenizer: string;
  readonly settings: string;
}

/** Characters of a hash in a file's name. */
const SHORT = 16;
const FOLDER = "tokens";

/** What identifies an encoded text. */
export const originKey = ({ text, tokenizer, settings }: Origin): Promise<string> =>
  hashOfTexts(text, tokenizer, settings);

/** Encoded text in memory. */
export async function inMemory(source: TokenSource): Promise<TokenFile> {
  const pieces: Uint8Array[] = [];
  for await (const piece of tokenBytes(source)) pieces.push(piece);
  const bytes = joinBytes(pieces);
  return (await openTokens(bytes.length, async (start, end) => bytes.subarray(start, end), source.key)) as TokenFile;
}

/** Encoded text in a file of the cache: the one that is there, if it is this text's, or a new one. */
export async function inCache(
  cache: Downloads,
  origin: Origin,
  source: TokenSource,
  say: (line: string) => void,
): Promise<TokenFile> {
  const [text, tokenizer, settings] = [origin.text, origin.tokenizer, origin.settings].map((hash) =>
    hash.slice(0, SHORT),
  );
  const name = `${text}-${tokenizer}-${settings}.tokens`;
  const key = `${FOLDER}/${name}`;
  const where = `${cache.name}/${key}`;
  const open = async () => {
    const file = await cache.find(key);
    return file && openTokens(file.size, file.readRange, source.key);
  };
  const found = await open();
  if (typeof found === "object") {
    say(`the tokens are those of ${where}`);
    return found;
  }
  const why =
    found ??
    reasonOf(
      (await cache.list(FOLDER)).map((one) => one.slice(FOLDER.length + 1)),
      text!,
      tokenizer!,
    );
  say(`the text is encoded into ${where}${why === undefined ? "" : `: ${why}`}`);
  await cannotWrite(cache, () => cache.keep(key, tokenBytes(source)));
  const made = await open();
  if (typeof made === "object") return made;
  throw new Error(`${where}: ${made ?? "it is gone"}`);
}

/** Why none of the files that are there will do. */
function reasonOf(names: readonly string[], text: string, tokenizer: string): string | undefined {
  const files = names.filter((name) => name.endsWith(".tokens"));
  if (files.length === 0) return undefined;
  if (files.some((name) => name.startsWith(`${text}-${tokenizer}-`)))
    return "what the cache has was made with other settings";
  if (files.some((name) => name.startsWith(`${text}-`))) return "what the cache has was made with another tokenizer";
  return "what the cache has is of other texts";
}
