import type { DataSource } from "../../data/source.js";
import { DataError } from "../../errors.js";
import type { Downloads } from "../../platform/index.js";
import { type DocumentOptions, documents, type Piece } from "./documents.js";
import { Inputs } from "./inputs.js";
import { measure, type TextFacts } from "./measure.js";
import type { CorpusOptions } from "./options.js";
import { cutAt } from "./splitText.js";

/** How the text of a run is read. */
export interface ReadingOptions extends Pick<DocumentOptions, "sampleBy" | "separated"> {
  readonly cache: Downloads;
  /** Throws where the run was stopped. */
  readonly check: () => void;
}

/** Running text that can be read again and again, and is never in memory as a whole. */
export class Corpus {
  readonly facts: TextFacts;
  readonly #inputs: Inputs;
  readonly #read: () => AsyncGenerator<Piece>;

  private constructor(facts: TextFacts, inputs: Inputs, read: () => AsyncGenerator<Piece>) {
    [this.facts, this.#inputs, this.#read] = [facts, inputs, read];
  }

  /** Reads all text once. Errors: DataError for missing data, and for files without text. */
  static async open(options: CorpusOptions, { sampleBy, separated, cache, check }: ReadingOptions): Promise<Corpus> {
    const { data, format, text: column = "text", quoted, separator } = options;
    const sources = Array.isArray(data) ? (data as readonly DataSource[]) : [data as DataSource];
    if (sources.length === 0 || sources.includes(undefined as never))
      throw new DataError("data is missing: running text, as paths or bytes with a name");
    const inputs = await Inputs.open(sources, format, cache);
    const read = async function* () {
      for await (const piece of documents(inputs.all, { column, quoted, separator, sampleBy, separated })) {
        check();
        yield piece;
      }
    };
    try {
      const facts = await measure(read());
      if (!facts.isBlank) return new Corpus(facts, inputs, read);
      const [first, ...others] = inputs.all.map(({ name }) => name);
      throw new DataError(`${first}${others.length > 0 ? ` and ${others.length} more files` : ""}: there is no text`);
    } catch (error) {
      await inputs.free();
      throw error;
    }
  }

  /** The documents before and behind a position in UTF-16 units. */
  parts(cut: number): ReturnType<typeof cutAt> {
    return cutAt(this.#read(), cut);
  }

  /** The documents before a position in UTF-16 units. */
  async *before(cut: number): AsyncGenerator<Piece> {
    for await (const piece of this.parts(cut)) {
      if (piece.isHeld) return;
      yield piece;
    }
  }

  /** Removes copies of what could be read once only. */
  free(): Promise<void> {
    return this.#inputs.free();
  }
}
