import { DataError } from "../../errors.js";
import type { KeptFile } from "../../platform/index.js";
import type { SourceOptions } from "../interface.js";
import { placeholderOf } from "../placeholders.js";
import { type Announced, agreed, changed, verified } from "./announced.js";
import { bodyOf, discard, mostOf, Unreachable, type Waiting, waitingOf } from "./http.js";
import { ask, type HubAnswer, type HubModel, isCommit } from "./hubRequest.js";
import { Keeping } from "./keeping.js";

/** A file on the hub. */
interface Located extends Announced {
  /** Its version: the commit, or a substitute. */
  readonly version: string;
}

const UNKNOWN: Announced = { size: undefined, sha256: undefined, etag: undefined };

/**
 * The cached files of one model of the hub: `snapshots/COMMIT/FILE`, with the size that each must have in
 * `sizes/COMMIT/FILE`; `refs/REVISION`, the last commit seen; `absent/COMMIT/FILE`, empty, for files that the hub reports as missing, and
 * `missing/COMMIT/FILE` for those that seemed missing, which is used offline. For servers that name no commit,
 * `versions/REVISION/FILE` is the version of one file. A commit never changes, so a cached file of the right size is not requested
 * again.
 */
export class Hub {
  readonly #model: HubModel;
  readonly #options: SourceOptions;
  readonly #waiting: Waiting;
  readonly #kept: Keeping;
  /** The known files; undefined if a file does not exist. */
  readonly #located = new Map<string, Located | undefined>();
  #commit: string | undefined;
  /** Lookups run one after another: the first one determines the commit of all. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(model: HubModel, options: SourceOptions) {
    this.#model = model;
    this.#options = options;
    this.#waiting = waitingOf(options);
    const { name, endpoint, repository, revision } = model;
    this.#kept = new Keeping(`hub/${endpoint.host.replace(":", "_")}/${repository.replace("/", "--")}`, name);
    if (/^[0-9a-f]{40}$/.test(revision)) this.#commit = revision;
  }

  /** Whether the hub has a file. */
  async has(file: string): Promise<boolean> {
    return (await this.#locate(file)) !== undefined;
  }

  /** A file, downloaded if it is not cached; undefined if the hub does not have it. */
  async open(file: string): Promise<KeptFile | undefined> {
    const located = await this.#locate(file);
    if (located === undefined) return undefined;
    return this.#next(async () => {
      const kept = await this.#find(file, located);
      if (kept) return kept;
      await this.#download(file, located);
      return this.#kept.find(snapshot(located.version, file));
    });
  }

  #locate(file: string): Promise<Located | undefined> {
    return this.#next(async () => {
      if (!this.#located.has(file)) this.#located.set(file, await this.#look(file));
      return this.#located.get(file);
    });
  }

  #next<T>(body: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(body);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #look(file: string): Promise<Located | undefined> {
    if (this.#commit !== undefined) {
      const size = await this.#sizeOf(this.#commit, file);
      const located = { ...UNKNOWN, version: this.#commit, size };
      if (size !== undefined && (await this.#find(file, located))) return located;
      if (await this.#kept.find(`absent/${this.#commit}/${file}`)) return undefined;
    }
    let answer: HubAnswer;
    try {
      answer = await ask(this.#model, { file, method: "HEAD", revision: this.#revision }, this.#waiting);
    } catch (error) {
      return this.#lookOffline(file, error);
    }
    return this.#read(file, answer);
  }

  /** Looks up a file on the hub and notes the result. */
  async #read(file: string, { found, commit, announced }: HubAnswer): Promise<Located | undefined> {
    if (this.#commit === undefined && commit !== undefined) await this.#see(commit);
    const version = this.#commit ?? versionOf(announced);
    if (found !== "yes") {
      if (this.#commit === undefined) await this.#kept.write(this.#fileRef(file), ABSENT);
      else await this.#kept.keep(`${found === "no" ? "absent" : "missing"}/${this.#commit}/${file}`, []);
      return undefined;
    }
    if (version === undefined) {
      const { name, endpoint, repository, revision } = this.#model;
      const url = `${endpoint.href.replace(/\/$/, "")}/${repository}/resolve/${revision}`;
      throw new DataError(
        `${name}: the server says neither X-Repo-Commit nor ETag, so nothing can be cached; load ${url}`,
      );
    }
    // Other servers may name no commit; then each file has its own version.
    if (this.#commit === undefined) await this.#kept.write(this.#fileRef(file), version);
    return { version, ...announced };
  }

  async #lookOffline(file: string, error: unknown): Promise<Located | undefined> {
    if (!(error instanceof Unreachable)) throw error;
    const seen = this.#commit ?? (await this.#kept.text(this.#ref));
    if (seen !== undefined && isCommit(seen)) this.#commit = seen;
    for (const version of [this.#commit, await this.#kept.text(this.#fileRef(file))]) {
      if (version === undefined) continue;
      if (version === ABSENT) return undefined;
      for (const kind of ["absent", "missing"])
        if (await this.#kept.find(`${kind}/${version}/${file}`)) return undefined;
      const located = { ...UNKNOWN, version, size: await this.#sizeOf(version, file) };
      if (await this.#find(file, located)) return located;
    }
    const { name } = this.#model;
    const advice = `${file} is not in ${this.#kept.name}: connect, or give a folder's path`;
    throw new DataError(`${name}: ${error.message}, and ${advice}`, { cause: error, reason: error.reason });
  }

  /** A cached file, if its size is right as far as known. */
  async #find(file: string, { version, size }: Located): Promise<KeptFile | undefined> {
    const kept = await this.#kept.find(snapshot(version, file));
    if (kept === undefined || (size !== undefined && kept.size !== size)) return undefined;
    if (size !== undefined) await this.#noteSize(version, file, size);
    return kept;
  }

  async #sizeOf(version: string, file: string): Promise<number | undefined> {
    const noted = (await this.#kept.text(`sizes/${version}/${file}`)) ?? "";
    return /^\d{1,15}$/.test(noted) ? Number(noted) : undefined;
  }

  async #noteSize(version: string, file: string, size: number): Promise<void> {
    if ((await this.#sizeOf(version, file)) !== size) await this.#kept.write(`sizes/${version}/${file}`, String(size));
  }

  /** The commit of the revision: all files are taken from it, even if the revision moves meanwhile. */
  async #see(commit: string): Promise<void> {
    this.#commit = commit;
    if ((await this.#kept.text(this.#ref)) !== commit) await this.#kept.write(this.#ref, commit);
  }

  async #download(file: string, located: Located): Promise<void> {
    const where = `${this.#model.name}/${file}`;
    const answer = await ask(this.#model, { file, method: "GET", revision: this.#revision }, this.#waiting);
    if (answer.found !== "yes") throw new DataError(`${where}: the hub no longer has it`, { reason: "not-found" });
    try {
      // A commit does not change; without one, the ETag tells.
      const version = this.#commit === undefined ? versionOf(answer.announced) : answer.commit;
      if ((version ?? located.version) !== located.version) throw changed(where);
      const announced = agreed(where, located, answer.announced);
      const pieces = verified(where, announced, this.#arriving(file, announced, answer));
      await this.#kept.keep(snapshot(located.version, file), pieces);
      if (announced.size !== undefined) await this.#noteSize(located.version, file, announced.size);
    } finally {
      discard(answer.response);
    }
  }

  /** The bytes of a response, counted. */
  async *#arriving(file: string, { size }: Announced, { response, url }: HubAnswer): AsyncGenerator<Uint8Array> {
    const { onProgress } = this.#options;
    const limits = { exact: size, most: mostOf(file) };
    let loaded = 0;
    for await (const piece of bodyOf(response, url, this.#waiting, limits)) {
      const other = loaded === 0 ? placeholderOf(piece) : undefined;
      if (other !== undefined) throw new DataError(`${this.#model.name}/${file}: what the server has there ${other}`);
      yield piece;
      loaded += piece.length;
      onProgress?.({ stage: "download", file, loaded, total: size });
    }
  }

  get #revision(): string {
    return this.#commit ?? this.#model.revision;
  }

  /** The cached version of a file from a server without commits. */
  #fileRef(file: string): string {
    return `versions/${encodeURIComponent(this.#model.revision)}/${file}`;
  }

  get #ref(): string {
    return `refs/${encodeURIComponent(this.#model.revision)}`;
  }
}

const snapshot = (version: string, file: string): string => `snapshots/${version}/${file}`;

/** The version of a file that does not exist. */
const ABSENT = "absent";

/** A file's version if no commit is named: its ETag, as a folder's name. */
function versionOf({ etag }: Announced): string | undefined {
  const name = etag?.replace(/[^\w-]/g, "");
  return name && name.length <= 100 ? `etag-${name}` : undefined;
}
