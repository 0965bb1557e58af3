import { savedClass } from "./classes.js";
import type { NamedSpecials, SpecialTokens } from "./specials.js";
import type { TokenizerConfig } from "./textFiles.js";

/** The parts of a tokenizer without its vocabulary, each as it stands in a `tokenizer.json`. */
export interface Description {
  readonly model: { readonly type: string; readonly unk?: string; readonly prefix?: string };
  /** Whether jieba cuts Chinese words first. */
  readonly words: boolean;
  readonly normalizer: Part | null;
  readonly preTokenizer: Part | null;
  readonly postProcessor: Part | null;
  readonly decoder: Part | null;
  readonly added: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
}

interface Part {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What a tokenizer was loaded with. */
interface Loaded {
  /** `tokenizer_config.json`: fields that this library does not know are kept. */
  readonly config: TokenizerConfig;
  readonly named: NamedSpecials;
}

/**
 * The files of a tokenizer, by name, such that this library and transformers 4 and 5 read the same from them. The class is
 * BertTokenizer where BERT's pipeline is all there is, RoFormerTokenizer where jieba cuts before it (which `tokenizer.json`
 * cannot say), and PreTrainedTokenizerFast for what only `tokenizer.json` says.
 */
export function savedFiles(
  json: string,
  parts: Description,
  vocabulary: ReadonlyMap<string, number>,
  specials: SpecialTokens,
  { config, named }: Loaded,
): Map<string, Uint8Array> {
  const roles = Object.fromEntries(Object.entries(specials).map(([role, token]) => [`${role}_token`, token]));
  const none = Object.keys(named).filter((role) => named[role as keyof NamedSpecials] === null);
  const settings = {
    tokenizer_class: classOf(parts),
    ...readable(config),
    ...partSettings(parts, config),
    ...Object.fromEntries(none.map((role) => [`${role}_token`, null])),
    ...roles,
  };
  const files = new Map<string, Uint8Array>();
  files.set("tokenizer.json", bytes(json));
  if (parts.model.type === "WordPiece") files.set("vocab.txt", bytes(lines(vocabulary)));
  files.set("tokenizer_config.json", bytes(`${JSON.stringify(settings, null, 2)}\n`));
  files.set("special_tokens_map.json", bytes(`${JSON.stringify(roles, null, 2)}\n`));
  return files;
}

const classOf = (parts: Description): string =>
  parts.words ? "RoFormerTokenizer" : isBert(parts) ? "BertTokenizer" : "PreTrainedTokenizerFast";

/** A configuration as both versions of transformers read it: 4 does not know a list of further tokens by 5's name. */
function readable(config: TokenizerConfig): Record<string, unknown> {
  const { extra_special_tokens: extra, additional_special_tokens: more } = config;
  const entries = Object.entries(config).flatMap(([field, value]): [string, unknown][] => {
    if (field === "tokenizer_class") return typeof value === "string" ? [[field, savedClass(value)]] : [];
    if (!Array.isArray(extra)) return [[field, value]];
    if (field === "extra_special_tokens") return [["additional_special_tokens", [...((more ?? []) as []), ...extra]]];
    return field === "additional_special_tokens" ? [] : [[field, value]];
  });
  return Object.fromEntries(entries);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Tokens by line number; a line that no token has gets a name that no text spells. */
function lines(vocabulary: ReadonlyMap<string, number>): string {
  const found: string[] = [];
  for (const [token, id] of vocabulary) found[id] = token;
  return Array.from(found, (token, id) => `${token ?? `[no token ${id}]`}\n`).join("");
}

function isBert({ model, normalizer, preTokenizer, postProcessor }: Description): boolean {
  const framed = postProcessor?.type === "TemplateProcessing" || postProcessor?.type === "BertProcessing";
  const words = normalizer?.type === "BertNormalizer" && preTokenizer?.type === "BertPreTokenizer";
  return model.type === "WordPiece" && model.prefix === "##" && words && framed;
}

/** What the classes would not take from `tokenizer.json`. */
function partSettings(parts: Description, config: TokenizerConfig): Record<string, unknown> {
  const { normalizer, preTokenizer, words } = parts;
  if (preTokenizer?.type === "ByteLevel") return { add_prefix_space: preTokenizer.add_prefix_space };
  if (!isBert(parts)) return {};
  return {
    do_lower_case: normalizer!.lowercase,
    strip_accents: normalizer!.strip_accents,
    // RoFormer's normalizer never sets characters apart; the field is for the words that jieba's dictionary lacks.
    tokenize_chinese_chars: words ? (config.tokenize_chinese_chars ?? true) : normalizer!.handle_chinese_chars,
  };
}
