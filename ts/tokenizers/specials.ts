import { DataError } from "../errors.js";
import type { Kind } from "./classes.js";
import type { ObjectFile } from "./textFiles.js";

/** The roles of special tokens; in `tokenizer_config.json`, `unk_token`, `pad_token` and so on. */
const ROLES = ["unk", "pad", "cls", "sep", "mask", "bos", "eos"] as const satisfies readonly Role[];

/** The role of a special token: "unk" replaces unknown text, "pad" is padding, the others are as in BERT and GPT. */
export type Role = "unk" | "pad" | "cls" | "sep" | "mask" | "bos" | "eos";

/** A tokenizer's special tokens by role. */
export type SpecialTokens = Readonly<Partial<Record<Role, string>>>;

/** The special tokens that the files define; null means that there is none. */
export type NamedSpecials = Readonly<Partial<Record<Role, string | null>>>;

/** Their names in common vocabularies. */
const CONVENTIONS: Readonly<Record<Role, readonly string[]>> = {
  unk: ["[UNK]", "<unk>"],
  pad: ["[PAD]", "<pad>"],
  cls: ["[CLS]"],
  sep: ["[SEP]"],
  mask: ["[MASK]", "<mask>"],
  bos: ["<s>"],
  eos: ["</s>", "<|endoftext|>"],
};

/** The defaults of BERT's classes. */
export const BERT_SPECIALS = { unk: "[UNK]", pad: "[PAD]", cls: "[CLS]", sep: "[SEP]", mask: "[MASK]" } as const;

/**
 * The special tokens of a class according to its files: `special_tokens_map.json` takes precedence over `tokenizer_config.json`, but is ignored
 * if the latter has `added_tokens_decoder`; BERT's classes have defaults. As in transformers 4.57.6. Errors: DataError.
 */
export function specialsOf(kind: Kind, config: ObjectFile, map: ObjectFile): NamedSpecials {
  const named = hasDecoder(config) ? namedSpecials(config) : { ...namedSpecials(config), ...namedSpecials(map) };
  return kind === "plain" ? named : { ...BERT_SPECIALS, ...named };
}

/** Whether `tokenizer_config.json` lists the added tokens, so that the older files are ignored. */
export const hasDecoder = ({ value }: ObjectFile): boolean =>
  value.added_tokens_decoder !== undefined && value.added_tokens_decoder !== null;

/** The special tokens of a file, given as strings or as `{ content }`. */
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

/** The special token of each role: the one in the files, else the common one if `tokens` has it. */
export function customarySpecials(tokens: Iterable<string>, named: NamedSpecials): SpecialTokens {
  const known = new Set(tokens);
  const found: Partial<Record<Role, string>> = {};
  for (const role of ROLES) {
    const token = named[role] === undefined ? CONVENTIONS[role].find((name) => known.has(name)) : named[role];
    if (typeof token === "string") found[role] = token;
  }
  return found;
}
