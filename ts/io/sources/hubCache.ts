import { AbortError, DataError } from "../../errors.js";
import { type Downloads, type KeptFile, platform } from "../../platform/index.js";
import type { SourceOptions } from "../files.js";
import { placeholderOf } from "../placeholders.js";
import { reason } from "../reasons.js";
import { bodyOf, discard, Unreachable } from "./http.js";
import { ask, type HubAnswer } from "./hubRequest.js";

/** A model on a hub, at one revision. */
export interface HubModel {
  /** What messages call it. */
  readonly name: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly revision: string;
  readonly endpoint: URL;
  readonly token: string | undefined;
}

/**
 * The files of one model as they come from the hub and stay: `snapshots/COMMIT/FILE`, `refs/REVISION` (the commit last seen) and
 * `absent/COMMIT/FILE` (empty: the hub said that there is none); of servers that name no commit, `versions/REVISION/FILE`. A commit never changes, so what is kept of it is not asked for again.
 */
export class Hub {
  readonly #model: HubModel;
  readonly #options: SourceOptions;
  readonly #downloads: Downloads = platform.downloads();
  readonly #folder: string;
  /** Where each file is kept or will be; undefined: there is none. */
  readonly #keys = new Map<string, string | undefined>();
  #commit: string | undefined;
  /** Lookups follow one another: the first one says which commit all are of. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(model: HubModel, options: SourceOptions) {
    this.#model = model;
    this.#options = options;
    const { endpoint, repository, revision } = model;
    this.#folder = `hub/${endpoint.host.replace(":", "_")}/${repository.replace("/", "--")}`;
    if (/^[0-9a-f]{40}$/.test(revision)) this.#commit = revision;
  }

  /** Whether the hub has a file. */
  async has(file: string): Promise<boolean> {
    return (await this.#locate(file)) !== undefined;
  }

  /** A file, downloaded unless it is kept; undefined where the hub has none. */
  async open(file: string): Promise<KeptFile | undefined> {
    const key = await this.#locate(file);
    if (key === undefined) return undefined;
    const kept = await this.#downloads.find(key);
    if (kept !== undefined) return kept;
    await this.#next(() => this.#download(file, key));
    return this.#downloads.find(key);
  }

  #locate(file: string): Promise<string | undefined> {
    return this.#next(async () => {
      if (!this.#keys.has(file)) this.#keys.set(file, await this.#look(file));
      return this.#keys.get(file);
    });
  }

  #next<T>(body: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(body);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #look(file: string): Promise<string | undefined> {
    const kept = await this.#lookKept(file);
    if (kept) return kept.key;
    let answer: HubAnswer;
    try {
      answer = await ask(this.#model, { file, method: "HEAD", revision: this.#revision, signal: this.#options.signal });
    } catch (error) {
      return this.#lookOffline(file, error);
    }
    if (this.#commit === undefined && answer.commit !== undefined) await this.#see(answer.commit);
    if (!answer.found) {
      if (this.#commit !== undefined) await this.#downloads.keep(this.#key("absent", this.#commit, file), []);
      else await this.#noteVersion(file, ABSENT);
      return undefined;
    }
    // Servers that are no hub may name no commit; the file's own version does for a file.
    if (this.#commit !== undefined) return this.#key("snapshots", this.#commit, file);
    if (answer.etag) {
      const version = `etag-${answer.etag.replace(/[^\w-]/g, "")}`;
      await this.#noteVersion(file, version);
      return this.#key("snapshots", version, file);
    }
    const { name, endpoint, repository, revision } = this.#model;
    const url = `${endpoint.href.replace(/\/$/, "")}/${repository}/resolve/${revision}`;
    throw new DataError(`${name}: the server says neither X-Repo-Commit nor ETag, so nothing can be kept; load ${url}`);
  }

  /** What is known without asking. */
  async #lookKept(file: string): Promise<{ key: string | undefined } | undefined> {
    if (this.#commit === undefined) return undefined;
    const key = this.#key("snapshots", this.#commit, file);
    if (await this.#downloads.find(key)) return { key };
    return (await this.#downloads.find(this.#key("absent", this.#commit, file))) && { key: undefined };
  }

  async #lookOffline(file: string, error: unknown): Promise<string | undefined> {
    if (!(error instanceof Unreachable)) throw error;
    if (this.#commit === undefined) {
      const seen = await this.#downloads.find(this.#ref);
      if (seen) this.#commit = new TextDecoder().decode(await seen.readRange(0, seen.size));
    }
    const kept = await this.#lookKept(file);
    if (kept) return kept.key;
    const noted = await this.#downloads.find(this.#fileRef(file));
    if (noted) {
      const version = new TextDecoder().decode(await noted.readRange(0, noted.size));
      if (version === ABSENT) return undefined;
      const key = this.#key("snapshots", version, file);
      if (await this.#downloads.find(key)) return key;
    }
    const { name } = this.#model;
    const place = this.#downloads.name;
    throw new DataError(`${name}: ${error.message}, and ${file} is not in ${place}: connect, or give a folder's path`, {
      cause: error,
    });
  }

  /** The commit that the revision is at: all files are of this one, whatever happens meanwhile. */
  async #see(commit: string): Promise<void> {
    this.#commit = commit;
    await this.#downloads.keep(this.#ref, [new TextEncoder().encode(commit)]);
  }

  async #download(file: string, key: string): Promise<void> {
    const { signal } = this.#options;
    const answer = await ask(this.#model, { file, method: "GET", revision: this.#revision, signal });
    if (!answer.found) throw new DataError(`${this.#model.name}/${file}: the hub has it no more`);
    try {
      await this.#downloads.keep(key, this.#arriving(file, answer));
    } catch (error) {
      await discard(answer.response);
      if (error instanceof AbortError || error instanceof DataError) throw error;
      const place = this.#downloads.name;
      throw new DataError(`${this.#model.name}/${file} cannot be kept in ${place}: ${reason(error)}`, { cause: error });
    }
  }

  /** The bytes of an answer, counted. */
  async *#arriving(file: string, { response, url }: HubAnswer): AsyncGenerator<Uint8Array> {
    const { signal, onProgress } = this.#options;
    // What is sent compressed has another length.
    const length = response.headers.has("Content-Encoding") ? null : response.headers.get("Content-Length");
    const total = length === null ? undefined : Number(length);
    let loaded = 0;
    for await (const piece of bodyOf(response, url, signal)) {
      const other = loaded === 0 ? placeholderOf(piece) : undefined;
      if (other !== undefined) throw new DataError(`${this.#model.name}/${file}: what the server has there ${other}`);
      yield piece;
      loaded += piece.length;
      onProgress?.({ stage: "download", file, loaded, total });
    }
    if (total !== undefined && loaded !== total)
      throw new DataError(`${this.#model.name}/${file}: ${loaded} bytes came, and not ${total}`);
  }

  get #revision(): string {
    return this.#commit ?? this.#model.revision;
  }

  #noteVersion(file: string, version: string): Promise<void> {
    return this.#downloads.keep(this.#fileRef(file), [new TextEncoder().encode(version)]);
  }

  /** Where the version of a file is kept that a server without commits had last. */
  #fileRef(file: string): string {
    return this.#key("versions", encodeURIComponent(this.#model.revision), file);
  }

  get #ref(): string {
    return `${this.#folder}/refs/${encodeURIComponent(this.#model.revision)}`;
  }

  #key(kind: "snapshots" | "absent" | "versions", version: string, file: string): string {
    return `${this.#folder}/${kind}/${version}/${file}`;
  }
}

/** Stands for the version of a file that there is not. */
const ABSENT = "absent";
