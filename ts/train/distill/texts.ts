import { type FileOptions, readRows } from "../../data/rows.js";
import { type DataSource, sourceName } from "../../data/source.js";
import { sameText } from "../../data/split.js";
import { type Row, textOf } from "../../data/values.js";
import { AbortError, ConfigError, DataError } from "../../errors.js";
import { Philox, permutation } from "../../random/philox.js";
import { streams } from "../../random/streams.js";
import { paragraphsOf, sentencesOf } from "./sentences.js";

/** A text to learn from: alone, or with a second one. */
export interface Text {
  readonly text: string;
  readonly pair?: string | undefined;
}

/** Which texts are read, and how. */
export interface TextSettings extends FileOptions {
  readonly data: DataSource | readonly DataSource[];
  readonly text?: string | undefined;
  readonly dataText?: string | undefined;
  readonly dataTextPair?: string | undefined;
  readonly split: "lines" | "sentences";
  readonly phrases: number;
  readonly maxTexts: number | undefined;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Sentences of other lengths, in words, are left out: too short says nothing, too long costs much. */
const [SHORTEST, LONGEST] = [3, 60];

/** Words of a phrase, at most. */
const PHRASE = 6;

/** The texts of all files, each once, in their order. Errors: DataError where there are fewer than two; ConfigError. */
export async function readTextsOf(settings: TextSettings): Promise<Text[]> {
  const { data, dataTextPair, split, phrases, maxTexts, seed } = settings;
  if (dataTextPair !== undefined && (split === "sentences" || phrases > 0))
    throw new ConfigError("dataTextPair goes with split lines, and without phrases");
  const sources = Array.isArray(data) ? (data as readonly DataSource[]) : [data as DataSource];
  if (sources.length === 0 || sources.includes(undefined as never))
    throw new DataError("data is missing: texts, as paths or bytes with a name");
  const seen = new Set<string>();
  const texts: Text[] = [];
  for (const source of sources)
    for await (const one of textsIn(source, settings)) {
      const key = one.pair === undefined ? sameText(one.text) : `${sameText(one.text)}\n${sameText(one.pair)}`;
      if (one.text.trim() === "" || one.pair?.trim() === "" || seen.has(key)) continue;
      seen.add(key);
      texts.push(one);
    }
  const names = sources.map(sourceName).join(", ");
  if (texts.length === 0) throw new DataError(`${names}: there is no text`);
  if (texts.length === 1) throw new DataError(`${names}: there is one text; expected at least 2, one to hold out`);
  const chosen = maxTexts === undefined ? texts : spread(texts, maxTexts);
  return phrases > 0 ? withPhrases(chosen, phrases, seed) : chosen;
}

async function* textsIn(source: DataSource, settings: TextSettings): AsyncGenerator<Text> {
  const { split, dataTextPair: pair } = settings;
  const rows = rowsIn(source, settings);
  if (split === "lines") {
    for await (const { row, column } of rows) {
      const text = textOf(row, column);
      yield pair === undefined ? { text } : { text, pair: textOf(row, pair) };
    }
    return;
  }
  const lines = (async function* () {
    for await (const { row, column } of rows) yield textOf(row, column);
  })();
  for await (const paragraph of paragraphsOf(lines))
    for (const text of sentencesOf(paragraph)) {
      const words = text.split(" ").length;
      if (words >= SHORTEST && words <= LONGEST) yield { text };
    }
}

/** Rows, and the column of their texts: a text file has one column alone. */
async function* rowsIn(source: DataSource, settings: TextSettings): AsyncGenerator<{ row: Row; column: string }> {
  const { format, separator, quoted, signal, dataTextPair: pair } = settings;
  const kind = format ?? (typeof source === "string" ? undefined : source?.format);
  const isText = kind === "txt" || (kind === undefined && /\.txt(\.gz)?$/i.test(sourceName(source)));
  const column = settings.dataText ?? (isText ? "text" : (settings.text ?? "text"));
  const columns = pair === undefined ? [column] : [column, pair];
  for await (const row of readRows(source, { columns, format, separator, quoted })) {
    if (signal?.aborted) throw new AbortError("stopped while texts were read", { cause: signal.reason });
    yield { row, column };
  }
}

/** `count` of the texts, evenly spread. */
const spread = (texts: readonly Text[], count: number): Text[] =>
  count >= texts.length
    ? [...texts]
    : Array.from({ length: count }, (_, i) => texts[Math.floor((i * texts.length) / count)]!);

/** Texts a share of which, drawn by the seed, is a few words in a row of what it was. */
function withPhrases(texts: readonly Text[], share: number, seed: number): Text[] {
  const random = new Philox(seed, streams.split, 1);
  const seen = new Set(texts.map(({ text }) => sameText(text)));
  return texts.map((one) => {
    const [drawn, size, at] = [random.uniform(), 1 + random.below(PHRASE), random.uniform()];
    const words = one.text.split(/\s+/).filter((word) => word !== "");
    if (drawn >= share || words.length <= size) return one;
    const from = Math.floor(at * (words.length - size + 1));
    const text = words.slice(from, from + size).join(" ");
    if (seen.has(sameText(text))) return one;
    seen.add(sameText(text));
    return { text };
  });
}

/** Share of the texts that are held out, and how many at most. */
const [SHARE, MOST] = [0.05, 1000];

/** Texts to learn from, and some that are held out, drawn by the seed. */
export function holdOutTexts(texts: readonly Text[], seed: number): { train: Text[]; valid: Text[] } {
  const count = Math.min(MOST, Math.max(1, Math.round(SHARE * texts.length)));
  const held = new Set(permutation(texts.length, seed, streams.split).subarray(0, count));
  return { train: texts.filter((_, i) => !held.has(i)), valid: texts.filter((_, i) => held.has(i)) };
}
