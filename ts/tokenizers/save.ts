import type { SpecialTokens, TokenizerConfig } from "./specials.js";

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

/**
 * The files of a tokenizer, by name. `config` is what it was loaded with: fields that this library does not know are kept.
 * The class is BertTokenizer where BERT's pipeline is all there is, RoFormerTokenizer where jieba cuts before it (which
 * `tokenizer.json` cannot say), and PreTrainedTokenizerFast for what only `tokenizer.json` says.
 */
export function savedFiles(
  json: string,
  parts: Description,
  vocabulary: ReadonlyMap<string, number>,
  specials: SpecialTokens,
  config: TokenizerConfig,
): Map<string, Uint8Array> {
  const named = Object.fromEntries(Object.entries(specials).map(([role, token]) => [`${role}_token`, token]));
  const bert = isBert(parts);
  const settings = bert ? bertSettings(parts, config) : {};
  const kind = {
    tokenizer_class: parts.words ? "RoFormerTokenizer" : bert ? "BertTokenizer" : "PreTrainedTokenizerFast",
  };
  const files = new Map<string, Uint8Array>();
  files.set("tokenizer.json", bytes(json));
  if (parts.model.type === "WordPiece") files.set("vocab.txt", bytes(lines(vocabulary)));
  files.set(
    "tokenizer_config.json",
    bytes(`${JSON.stringify({ ...kind, ...config, ...settings, ...named }, null, 2)}\n`),
  );
  files.set("special_tokens_map.json", bytes(`${JSON.stringify(named, null, 2)}\n`));
  return files;
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

function bertSettings({ normalizer, words }: Description, config: TokenizerConfig): Record<string, unknown> {
  return {
    do_lower_case: normalizer!.lowercase,
    strip_accents: normalizer!.strip_accents,
    // RoFormer's normalizer never sets characters apart; the field is for the words that jieba's dictionary lacks.
    tokenize_chinese_chars: words ? (config.tokenize_chinese_chars ?? true) : normalizer!.handle_chinese_chars,
  };
}
