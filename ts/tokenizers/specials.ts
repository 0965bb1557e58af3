import { DataError } from "../errors.js";

/** What a special token is for; `tokenizer_config.json` calls them `unk_token`, `pad_token` and so on. */
const ROLES = ["unk", "pad", "cls", "sep", "mask", "bos", "eos"] as const satisfies readonly Role[];

/** What a special token is for: "unk" stands for what cannot be spelt, "pad" fills up, the others as in BERT and GPT. */
export type Role = "unk" | "pad" | "cls" | "sep" | "mask" | "bos" | "eos";

/** The token of each role that a tokenizer has. */
export type SpecialTokens = Readonly<Partial<Record<Role, string>>>;

/** The fields of a `tokenizer_config.json`, as they stand in the file. */
export type TokenizerConfig = Readonly<Record<string, unknown>>;

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

/** Those that a configuration names, as strings or as `{ content }`. `file` is what messages call it. */
export function namedSpecials(config: TokenizerConfig, file: string): SpecialTokens {
  const found: Partial<Record<Role, string>> = {};
  for (const role of ROLES) {
    const value = config[`${role}_token`];
    if (value === undefined || value === null) continue;
    const content = typeof value === "object" ? (value as { content?: unknown }).content : value;
    if (typeof content !== "string") {
      throw new DataError(`${file}: ${role}_token is ${JSON.stringify(value)}, not a token`);
    }
    found[role] = content;
  }
  return found;
}

/** Those among `tokens` that are called as is common. */
export function customarySpecials(tokens: Iterable<string>): SpecialTokens {
  const known = new Set(tokens);
  const found: Partial<Record<Role, string>> = {};
  for (const role of ROLES) {
    const token = CONVENTIONS[role].find((name) => known.has(name));
    if (token !== undefined) found[role] = token;
  }
  return found;
}
