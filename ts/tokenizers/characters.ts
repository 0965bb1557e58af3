import { Tokenizer } from "./tokenizer.js";

/** The parts of a `tokenizer.json` that both kinds share. */
const common = { version: "1.0", truncation: null, padding: null, normalizer: null, post_processor: null };

const special = (content: string, id: number) => ({
  ...{ id, content, special: true },
  ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
});

const open = (json: object): Promise<Tokenizer> =>
  Tokenizer.open({
    file: "the tokenizer",
    open: (glue) => glue.Handle.fromJson(JSON.stringify(json)),
    config: {},
    specials: {},
    cleanUp: false,
  });

/** A tokenizer whose vocabulary is `[PAD]`, `[UNK]` and these characters, sorted by code point. */
export function characterTokenizer(text: Iterable<string>): Promise<Tokenizer> {
  const characters = [...new Set(text)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const specials = ["[PAD]", "[UNK]"];
  const vocab = Object.fromEntries([...specials, ...characters].map((token, id) => [token, id]));
  return open({
    ...common,
    added_tokens: specials.map(special),
    pre_tokenizer: { type: "Split", pattern: { Regex: "(?s)." }, behavior: "Isolated", invert: false },
    decoder: { type: "Fuse" },
    model: { type: "WordLevel", vocab, unk_token: "[UNK]" },
  });
}

/** A tokenizer whose vocabulary is the 256 bytes of UTF-8, named as in GPT-2, and `<pad>`. */
export function byteTokenizer(): Promise<Tokenizer> {
  const vocab = Object.fromEntries(byteNames().map((name, byte) => [name, byte]));
  return open({
    ...common,
    added_tokens: [special("<pad>", 256)],
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: { type: "BPE", vocab: { ...vocab, "<pad>": 256 }, merges: [] },
  });
}

/** GPT-2's visible character for each byte: the character itself if it is visible, else one from U+0100 on. */
function byteNames(): string[] {
  const visible = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(visible(byte) ? byte : next++));
}
