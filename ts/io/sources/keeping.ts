import { DataError, RoFormerError } from "../../errors.js";
import { type Downloads, type KeptFile, platform } from "../../platform/index.js";
import { errorReason, reading, reason } from "../reasons.js";

/** Cached files and metadata of one model, with errors of this library. */
export class Keeping {
  readonly #downloads: Downloads = platform.downloads();
  readonly #folder: string;
  readonly #model: string;

  /** `folder`: where the model's files are; `model`: its name in messages. */
  constructor(folder: string, model: string) {
    [this.#folder, this.#model] = [folder, model];
  }

  /** The folder's name in messages. */
  get name(): string {
    return this.#downloads.name;
  }

  /** A cached file, if there is one. */
  async find(key: string): Promise<KeptFile | undefined> {
    const found = await reading(`${this.name}: ${key}`, () => this.#downloads.find(this.#at(key)));
    if (found === undefined) return undefined;
    const readRange = (start: number, end: number) =>
      reading(`${this.name}: ${this.#at(key)}`, () => found.readRange(start, end));
    return { size: found.size, readRange };
  }

  /** Caches a file atomically. Errors: those of `content` that are this library's; DataError if the cache cannot be written. */
  async keep(key: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await this.#downloads.keep(this.#at(key), content);
    } catch (error) {
      if (error instanceof RoFormerError) throw error;
      const file = key.split("/").slice(2).join("/") || key;
      const advice = platform.isNode ? "; set ROFORMER_CACHE to a writable folder" : "";
      throw new DataError(`${this.#model}/${file} cannot be cached in ${this.name}: ${reason(error)}${advice}`, {
        cause: error,
        reason: errorReason(error) === "not-found" ? undefined : errorReason(error),
      });
    }
  }

  /** A cached line of text; undefined if there is none, or if it is too long to be one. */
  async text(key: string): Promise<string | undefined> {
    const found = await this.find(key);
    if (found === undefined || found.size > 1000) return undefined;
    return new TextDecoder().decode(await found.readRange(0, found.size)).trim();
  }

  /** Caches a line of text. */
  async write(key: string, text: string): Promise<void> {
    await this.keep(key, [new TextEncoder().encode(text)]);
  }

  #at(key: string): string {
    return `${this.#folder}/${key}`;
  }
}
