import { ConfigError, DataError } from "../../errors.js";
import { shownAddress, shownUrl } from "../../platform/index.js";
import type { Files, SourceOptions } from "../interface.js";
import { reading } from "../reasons.js";
import { changed } from "./announced.js";
import {
  asTheyAre,
  bodyOf,
  discard,
  isEncoded,
  lengthOf,
  mostOf,
  readWhole,
  request,
  type Waiting,
  waitingOf,
} from "./http.js";

/** Bytes of the first request: small files are complete with it. */
const FIRST = 1 << 16;

/** A file on a server. */
interface Remote {
  readonly size: number;
  readRange(start: number, end: number): Promise<Uint8Array>;
}

/** The address of one file, and how to read it. */
interface Place {
  readonly url: URL;
  readonly file: string;
  readonly waiting: Waiting;
  readonly onProgress: SourceOptions["onProgress"];
}

/**
 * The files at the URL of a folder, read by HTTP ranges. If the server does not support ranges, a file is kept in memory (in browsers,
 * wherever they keep Blobs) until the Files are released. A query in the URL, as in signed ones, is sent with each request. A response
 * must have the length that it announces.
 */
export function urlFiles(folder: string, options: SourceOptions): Files {
  const base = parsedUrl(folder);
  const addressOf = (file: string): URL => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/+$/, "")}/${file.split("/").map(encodeURIComponent).join("/")}`;
    return url;
  };
  return remoteFiles(shownUrl(base).replace(/\/+$/, ""), addressOf, options);
}

/** Files that have an address each, read as those of {@link urlFiles}. `addressOf`: undefined for a file that does not exist. */
export function remoteFiles(name: string, addressOf: (file: string) => URL | undefined, options: SourceOptions): Files {
  const waiting = waitingOf(options);
  const at = (file: string): string => (name === "" ? file : `${name}/${file}`);
  const opened = new Map<string, Promise<Remote | undefined>>();
  const find = async (file: string): Promise<Remote | undefined> => {
    const url = addressOf(file);
    if (url === undefined) return undefined;
    const found = opened.get(file) ?? openRemote({ url, file, waiting, onProgress: options.onProgress });
    opened.set(file, found);
    // A failure must not answer the next request.
    found.catch(() => opened.delete(file));
    return found;
  };
  const open = async (file: string): Promise<Remote> => {
    const found = await find(file);
    if (found === undefined) throw new DataError(`${at(file)}: the server has no such file`, { reason: "not-found" });
    return found;
  };
  return {
    name,
    has: async (file) => (await find(file)) !== undefined,
    size: async (file) => (await open(file)).size,
    read: async (file) => readWhole(at(file), await open(file)),
    readRange: async (file, start, end) => (await open(file)).readRange(start, end),
    list: async () => undefined,
  };
}

/** The URL of a folder or a file. Errors: DataError, ConfigError for one with a password. */
export function parsedUrl(folder: string): URL {
  if (!URL.canParse(folder)) throw new DataError(`${shownAddress(folder)} is not a URL`);
  const base = new URL(folder);
  if (base.username !== "" || base.password !== "")
    throw new ConfigError(`${shownUrl(base)}: the URL contains a user name or password, which are not sent`);
  return base;
}

/** Undefined if the server reports that the file does not exist. */
async function openRemote(place: Place): Promise<Remote | undefined> {
  const { url, waiting } = place;
  const response = await request(url, { headers: { ...asTheyAre(), Range: `bytes=0-${FIRST - 1}` } }, waiting);
  // Servers of single-page applications send their page for missing files.
  const isPage = /^text\/html\b/i.test(response.headers.get("Content-Type") ?? "");
  if (response.status === 404 || response.status === 410 || (response.ok && isPage)) {
    discard(response);
    return undefined;
  }
  // An empty file has no first byte.
  if (response.status === 416) {
    discard(response);
    return { size: 0, readRange: async () => new Uint8Array(0) };
  }
  if (response.status !== 206) return inMemory(place, response);
  const size = totalOf(response, 0, FIRST);
  if (size === undefined) {
    // Across origins, ranges can be read while Content-Range is hidden.
    discard(response);
    return inMemory(place, await request(url, { headers: asTheyAre() }, waiting));
  }
  return byRanges(place, size, response);
}

async function byRanges(place: Place, size: number, response: Response): Promise<Remote> {
  const { url, file, waiting, onProgress } = place;
  let loaded = 0;
  const bytesOf = async (one: Response, length: number) => {
    const bytes = new Uint8Array(length);
    let at = 0;
    for await (const piece of bodyOf(one, url, waiting, { exact: length, most: length })) {
      bytes.set(piece, at);
      at += piece.length;
      loaded += piece.length;
      onProgress?.({ stage: "download", file, loaded, total: size });
    }
    return bytes;
  };
  const first = await bytesOf(response, Math.min(size, FIRST));
  const etag = response.headers.get("ETag");
  return {
    size,
    async readRange(start, end) {
      const stop = Math.min(end, size);
      if (stop <= first.length) return first.slice(start, Math.max(start, stop));
      const part = await request(url, { headers: { ...asTheyAre(), Range: `bytes=${start}-${stop - 1}` } }, waiting);
      if (!part.ok) throw refused(part, url);
      const total = part.status === 206 ? totalOf(part, start, stop) : undefined;
      // A hidden range was not refused by the status either; its length is checked.
      const isHidden = part.status === 206 && !part.headers.has("Content-Range");
      if ((total !== size && !isHidden) || part.headers.get("ETag") !== etag) {
        discard(part);
        throw changed(shownUrl(url));
      }
      return bytesOf(part, stop - start);
    },
  };
}

async function inMemory({ url, file, waiting, onProgress }: Place, response: Response): Promise<Remote> {
  if (response.status !== 200) throw refused(response, url);
  const total = lengthOf(response);
  const pieces: Uint8Array[] = [];
  let loaded = 0;
  for await (const piece of bodyOf(response, url, waiting, { exact: total, most: mostOf(file) })) {
    pieces.push(piece);
    loaded += piece.length;
    onProgress?.({ stage: "download", file, loaded, total });
  }
  const blob = new Blob(pieces as Uint8Array<ArrayBuffer>[]);
  const bytesOf = async (start: number, end: number) => new Uint8Array(await blob.slice(start, end).arrayBuffer());
  return { size: blob.size, readRange: (start, end) => reading(shownUrl(url), () => bytesOf(start, end)) };
}

function refused(response: Response, url: URL): DataError {
  discard(response);
  const unasked = response.status === 206 ? ", a part, to a request for the whole file" : "";
  const status = `${response.status} ${response.statusText}`.trimEnd() + unasked;
  const passing = response.status === 429 || response.status >= 500;
  return new DataError(`${shownUrl(url)}: the server answered ${status}`, { reason: passing ? "network" : undefined });
}

/** The size of the file if a response is its part `[start, end)`, uncompressed. */
function totalOf(response: Response, start: number, end: number): number | undefined {
  const range = response.headers.get("Content-Range") ?? "";
  const [, from, to, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(range) ?? [];
  if (total === undefined || isEncoded(response)) return undefined;
  const isWhole = Number(from) === start && Number(to) === Math.min(end, Number(total)) - 1;
  return isWhole ? Number(total) : undefined;
}
