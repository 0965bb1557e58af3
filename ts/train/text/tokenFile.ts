import { newHash } from "../../io/hashes.js";
import { type ReadRange, type Section, SectionReader, sectionBytes } from "./segments.js";

/** What stands at the end of a file of tokens: the sections behind one another, then this as JSON, its length and the magic. */
interface Footer {
  readonly version: number;
  /** What was encoded, with what and how. */
  readonly key: string;
  readonly width: 2 | 4;
  readonly hasWords: boolean;
  readonly sections: readonly Section[];
  /** SHA-256 of all bytes before. */
  readonly hash: string;
}

const VERSION = 1;
const MAGIC = [0x52, 0x46, 0x54, 0x4b]; // RFTK
const TAIL = 8;
const PIECE = 2 ** 20;

/** Encoded text to read from. */
export interface TokenFile {
  readonly train: SectionReader;
  readonly valid: SectionReader;
  /** Whether the lowest bit of an id says that its token continues a word. */
  readonly hasWords: boolean;
}

/** What makes the bytes of a file. */
export interface TokenSource {
  readonly key: string;
  readonly hasWords: boolean;
  readonly width: 2 | 4;
  readonly bytes: () => AsyncIterable<Uint8Array>;
  /** Known after all bytes. */
  readonly sections: () => readonly Section[];
}

/** A file of tokens, piece by piece. */
export async function* tokenBytes({ key, hasWords, width, bytes, sections }: TokenSource): AsyncGenerator<Uint8Array> {
  const hash = newHash();
  for await (const piece of bytes()) {
    hash.update(piece);
    yield piece;
  }
  const footer: Footer = { version: VERSION, key, width, hasWords, sections: sections(), hash: await hash.hex() };
  const json = new TextEncoder().encode(JSON.stringify(footer));
  const tail = new Uint8Array(TAIL);
  new DataView(tail.buffer).setUint32(0, json.length, true);
  tail.set(MAGIC, 4);
  yield json;
  yield tail;
}

/** Opens a file of tokens; a text says what is wrong with it. */
export async function openTokens(size: number, read: ReadRange, key: string): Promise<TokenFile | string> {
  const footer = await readFooter(size, read);
  if (footer === undefined) return "it is cut short or damaged";
  if (footer.key !== key) return "it is of another text, tokenizer or setting";
  const { width, hasWords, sections } = footer;
  const starts = [0, sectionBytes(sections[0]!, width)] as const;
  const hash = newHash();
  const end = starts[1] + sectionBytes(sections[1]!, width);
  for (let at = 0; at < end; at += PIECE) hash.update(await read(at, Math.min(at + PIECE, end)));
  if ((await hash.hex()) !== footer.hash) return "it is cut short or damaged";
  const [train, valid] = sections.map((section, i) => new SectionReader(section, { read, start: starts[i]!, width }));
  return { train: train!, valid: valid!, hasWords };
}

async function readFooter(size: number, read: ReadRange): Promise<Footer | undefined> {
  const tail = await read(Math.max(0, size - TAIL), size);
  if (tail.length < TAIL || MAGIC.some((byte, i) => tail[4 + i] !== byte)) return undefined;
  const length = new DataView(tail.slice().buffer).getUint32(0, true);
  if (length + TAIL > size) return undefined;
  try {
    const json = new TextDecoder("utf-8", { fatal: true }).decode(await read(size - TAIL - length, size - TAIL));
    const footer = JSON.parse(json) as Footer;
    const bytes = footer.sections.reduce((sum, section) => sum + sectionBytes(section, footer.width), 0);
    return footer.version === VERSION && bytes === size - TAIL - length ? footer : undefined;
  } catch {
    return undefined;
  }
}
