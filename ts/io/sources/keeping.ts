import { DataError, RoFormerError } from "../../errors.js";
import { type Downloads, type KeptFile, platform } from "../../platform/index.js";
import { errorReason, reading, reason } from "../reasons.js";

/** Kept files of one model, with errors of this library, and what is known of them. */
export class Keeping {
  readonly #downloads: Downloads = platform.downloads();
  readonly #folder: string;
  readonly #model: string;

  /** `folder`: where the model's files are; `model`: what messages call it. */
  constructor(folder: string, model: string) {
    [this.#folder, this.#model] = [folder, model];
  }

  /** The place in messages. */
  get name(): string {
    return this.#downloads.name;
  }

  /** A kept file; undefined where there is none. */
  async find(key: string): Promise<KeptFile | undefined> {
    const found = await reading(`${this.name}: ${key}`, () => this.#downloads.find(this.#at(key)));
    if (found === undefined) return undefined;
    const readRange = (start: number, end: number) =>
      reading(`${this.name}: ${this.#at(key)}`, () => found.readRange(start, end));
    return { size: found.size, readRange };
  }

  /** Keeps a file, whole or not at all. Errors: those of `content` that are this library's; DataError for a place that cannot be written. */
  async keep(key: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await this.#downloads.keep(this.#at(key), content);
    } catch (error) {
      if (error instanceof RoFormerError) throw error;
      const file = key.split("/").slice(2).join("/") || key;
      const advice = platform.isNode ? "; set ROFORMER_CACHE to a folder that can be written" : "";
      throw new DataError(`${this.#model}/${file} cannot be kept in ${this.name}: ${reason(error)}${advice}`, {
        cause: error,
        reason: errorReason(error) === "not-found" ? undefined : errorReason(error),
      });
    }
  }

  /** A kept line of text; undefined where there is none, or where it is longer than a line that was kept can be. */
  async text(key: string): Promise<string | undefined> {
    const found = await this.find(key);
    if (found === undefined || found.size > 1000) return undefined;
    return new TextDecoder().decode(await found.readRange(0, found.size)).trim();
  }

  /** Keeps a line of text. */
  async write(key: string, text: string): Promise<void> {
    await this.keep(key, [new TextEncoder().encode(text)]);
  }

  #at(key: string): string {
    return `${this.#folder}/${key}`;
  }
}
