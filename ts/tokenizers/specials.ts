import { DataError } from "../errors.js";
import type { Kind } from "./classes.js";
import type { ObjectFile } from "./textFiles.js";

/** What a special token is for; `tokenizer_config.json` calls them `unk_token`, `pad_token` and so on. */
const ROLES = ["unk", "pad", "cls", "sep", "mask", "bos", "eos"] as const satisfies readonly Role[];

/** What a special token is for: "unk" stands for what cannot be spelt, "pad" fills up, the others as in BERT and GPT. */
export type Role = "unk" | "pad" | "cls" | "sep" | "mask" | "bos" | "eos";

/** The token of each role that a tokenizer has. */
export type SpecialTokens = Readonly<Partial<Record<Role, string>>>;

/** The token of each role that the files decide; null: there is none. */
export type NamedSpecials = Readonly<Partial<Record<Role, string | null>>>;

/** How the common vocabularies call them. */
const CONVENTIONS: Readonly<Record<Role, readonly string[]>> = {
  unk: ["[UNK]", "<unk>"],
  pad: ["[PAD]", "<pad>"],
  cls: ["[CLS]"],
  sep: ["[SEP]"],
  mask: ["[MASK]", "<mask>"],
  bos: ["<s>"],
  eos: ["</s>", "<|endoftext|>"],
};

/** What BERT's classes call them where the files do not. */
export const BERT_SPECIALS = { unk: "[UNK]", pad: "[PAD]", cls: "[CLS]", sep: "[SEP]", mask: "[MASK]" } as const;

/**
 * The special tokens of a class by its files: `special_tokens_map.json` goes before `tokenizer_config.json`, but is not read
 * where the latter has `added_tokens_decoder`; BERT's classes have defaults. As transformers 4.57.6 has it. Errors: DataError.
 */
export function specialsOf(kind: Kind, config: ObjectFile, map: ObjectFile): NamedSpecials {
  const named = hasDecoder(config) ? namedSpecials(config) : { ...namedSpecials(config), ...namedSpecials(map) };
  return kind === "plain" ? named : { ...BERT_SPECIALS, ...named };
}

/** Whether `tokenizer_config.json` lists the added tokens, so that the older files do not count. */
export const hasDecoder = ({ value }: ObjectFile): boolean =>
  value.added_tokens_decoder !== undefined && value.added_tokens_decoder !== null;

/** Those that a file names, as strings or as `{ content }`. */
function namedSpecials({ value: config, file }: ObjectFile): NamedSpecials {
  const found: Partial<Record<Role, string | null>> = {};
  for (const role of ROLES) {
    const value = config[`${role}_token`];
    if (value === undefined) continue;
    const content = typeof value === "object" && value !== null ? (value as { content?: unknown }).content : value;
    if (typeof content !== "string" && content !== null) {
      throw new DataError(`${file}: ${role}_token is ${JSON.stringify(value)}, not a token`);
    }
    found[role] = content;
  }
  return found;
}

/** The token of each role: what the files decide, and of the rest what `tokens` have by its common name. */
export function customarySpecials(tokens: Iterable<string>, named: NamedSpecials): SpecialTokens {
  const known = new Set(tokens);
  const found: Partial<Record<Role, string>> = {};
  for (const role of ROLES) {
    const token = named[role] === undefined ? CONVENTIONS[role].find((name) => known.has(name)) : named[role];
    if (typeof token === "string") found[role] = token;
  }
  return found;
}
