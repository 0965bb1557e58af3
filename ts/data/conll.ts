import { DataError } from "../errors.js";
import { splitLines, type TextBlock } from "./text.js";
import { type Row, shown } from "./values.js";

/** The most words in one sentence: without blank lines, a whole file would be one. */
const MOST_WORDS = 2 ** 20;

/** Tags of the usual schemes. */
const TAG = /^(O|[BIELSU]-.+|.+-[BIELSU])$/;

/** The lines of one sentence. */
interface Sentence {
  readonly words: string[];
  readonly tags: string[];
  readonly line: number;
}

/**
 * Sentences of a file in the format of CoNLL-2002 and 2003: `words` are the first column, `tags` the last one. A line's
 * columns are separated by tabs if it has any, else by spaces. A blank line ends a sentence, and so does one that starts
 * with `-DOCSTART-`. A line that starts with `# ` is a comment, unless it has the columns of a word `#`. A row's line is
 * the first line of the sentence. Errors: DataError "file:line: what" for a line with one column or with a different
 * number of columns than the lines before.
 */
export async function* readConll(name: string, blocks: AsyncIterable<TextBlock>): AsyncGenerator<Row> {
  const columns = new Columns(name);
  let sentence: Sentence | undefined;
  const row = ({ words, tags, line }: Sentence): Row => ({ values: { words, tags }, file: name, line });
  for await (const block of blocks) {
    for (const [i, text] of splitLines(block.text).entries()) {
      const line = block.line + i;
      if (text.startsWith("-DOCSTART-") || /^[ \t]*$/.test(text)) {
        if (sentence) yield row(sentence);
        sentence = undefined;
      } else if (!columns.isComment(text, sentence !== undefined)) {
        const [word, tag] = columns.wordAndTag(text, line);
        sentence ??= { words: [], tags: [], line };
        if (sentence.words.length === MOST_WORDS)
          throw new DataError(`${name}:${line}: a sentence of more than ${MOST_WORDS} words; a blank line ends one`);
        sentence.words.push(word);
        sentence.tags.push(tag);
      }
    }
  }
  if (sentence) yield row(sentence);
}

/** The columns of a file, as its first word has them. */
class Columns {
  readonly #name: string;
  #count = 0;
  /** The line of the first word. */
  #line = 0;
  #hasTabs = false;

  constructor(name: string) {
    this.#name = name;
  }

  isComment(text: string, isInside: boolean): boolean {
    if (!text.startsWith("# ")) return false;
    // In a file with tabs, the word "#" is followed by a tab.
    if (this.#hasTabs) return true;
    const fields = fieldsOf(text);
    const isWord = this.#count === 0 ? fields.length > 1 : fields.length === this.#count;
    // Comments precede sentences; there, only a tag tells a word from a comment.
    return !isWord || !(isInside || TAG.test(fields.at(-1)!));
  }

  wordAndTag(text: string, line: number): [word: string, tag: string] {
    const fields = fieldsOf(text);
    if (fields.length < 2)
      throw new DataError(`${this.#name}:${line}: one column, ${shown(text)}; expected a word and a tag at least`);
    if (this.#count === 0) [this.#count, this.#line, this.#hasTabs] = [fields.length, line, text.includes("\t")];
    if (fields.length !== this.#count)
      throw new DataError(
        `${this.#name}:${line}: ${fields.length} columns; expected ${this.#count}, as in line ${this.#line}`,
      );
    const [word, tag] = [fields[0]!, fields.at(-1)!];
    if (word === "") throw new DataError(`${this.#name}:${line}: the word in the first column is empty`);
    return [word, tag];
  }
}

/** The columns of a line. Only spaces and tabs separate; a no-break space is part of a word. */
function fieldsOf(text: string): string[] {
  const line = text.replace(/[ \t]+$/, "");
  return line.includes("\t") ? line.split("\t").map((field) => field.replace(/^ +| +$/g, "")) : line.split(/ +/);
}
