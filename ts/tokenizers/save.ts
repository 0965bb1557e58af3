import { savedClass } from "./classes.js";
import type { NamedSpecials, SpecialTokens } from "./specials.js";
import type { TokenizerConfig } from "./textFiles.js";

/** The parts of a tokenizer except its vocabulary, as in a `tokenizer.json`. */
export interface Description {
  readonly model: { readonly type: string; readonly unk?: string; readonly prefix?: string };
  /** Whether jieba segments Chinese words first. */
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

/** The settings that a tokenizer was loaded with. */
interface Loaded {
  /** `tokenizer_config.json`, including fields that this library does not know. */
  readonly config: TokenizerConfig;
  readonly named: NamedSpecials;
}

/**
 * The files of a tokenizer, by name, which this library and transformers 4 and 5 read alike. The class is
 * BertTokenizer for BERT's pipeline, RoFormerTokenizer if jieba comes first (which `tokenizer.json`
 * cannot express), and PreTrainedTokenizerFast for anything else.
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

/** A configuration that both versions of transformers read: 4 does not know 5's name for a list of added tokens. */
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

/** Tokens by line number; a line without a token gets a name that does not occur in texts. */
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

/** The settings that the classes do not read from `tokenizer.json`. */
function partSettings(parts: Description, config: TokenizerConfig): Record<string, unknown> {
  const { normalizer, preTokenizer, words } = parts;
  if (preTokenizer?.type === "ByteLevel") return { add_prefix_space: preTokenizer.add_prefix_space };
  if (!isBert(parts)) return {};
  return {
    do_lower_case: normalizer!.lowercase,
    strip_accents: normalizer!.strip_accents,
    // RoFormer's normalizer never separates characters; the field is for words missing from jieba's dictionary.
    tokenize_chinese_chars: words ? (config.tokenize_chinese_chars ?? true) : normalizer!.handle_chinese_chars,
  };
}
