import { DataError } from "../../errors.js";
import type { Files, SourceOptions } from "../files.js";
import { discard, inWords, request, shownUrl } from "./http.js";

/** Bytes that are asked for first: small files are there with them. */
const FIRST = 1 << 16;

/** A file on a server. */
interface Remote {
  readonly size: number;
  readRange(start: number, end: number): Promise<Uint8Array>;
}

/**
 * The files behind the URL of a folder, read by HTTP ranges. Where the server knows none, a file is kept in memory (in browsers,
 * wherever they keep Blobs) until the Files are let go. A query of the URL, as of signed ones, is sent with each file's.
 */
export function urlFiles(folder: string, { signal }: SourceOptions): Files {
  if (!URL.canParse(folder)) throw new DataError(`${folder} is no URL`);
  const base = new URL(folder);
  const name = shownUrl(base).replace(/\/+$/, "");
  const opened = new Map<string, Promise<Remote | undefined>>();
  const find = (file: string): Promise<Remote | undefined> => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/+$/, "")}/${file.split("/").map(encodeURIComponent).join("/")}`;
    const found = opened.get(file) ?? openRemote(url, signal);
    opened.set(file, found);
    // A failure is no answer to the next question.
    found.catch(() => opened.delete(file));
    return found;
  };
  const open = async (file: string): Promise<Remote> => {
    const found = await find(file);
    if (found === undefined) throw new DataError(`${name}/${file}: the server has no such file`);
    return found;
  };
  return {
    name,
    has: async (file) => (await find(file)) !== undefined,
    size: async (file) => (await open(file)).size,
    async read(file) {
      const remote = await open(file);
      return remote.readRange(0, remote.size);
    },
    readRange: async (file, start, end) => (await open(file)).readRange(start, end),
    list: async () => undefined,
  };
}

/** Undefined where the server says that there is nothing. */
async function openRemote(url: URL, signal: AbortSignal | undefined): Promise<Remote | undefined> {
  const response = await request(url, { headers: { Range: `bytes=0-${FIRST - 1}` }, signal: signal ?? null });
  // Servers of single-page applications answer with their page where there is no such file.
  const isPage = /^text\/html\b/i.test(response.headers.get("Content-Type") ?? "");
  if (response.status === 404 || response.status === 410 || (response.ok && isPage)) {
    await discard(response);
    return undefined;
  }
  // There is no first byte of an empty file.
  if (response.status === 416) return { size: 0, readRange: async () => new Uint8Array(0) };
  await requireOk(response, url);
  if (response.status !== 206) return inMemory(response, url, signal);
  const size = totalOf(response);
  if (size === undefined) {
    // Another origin's page may read ranges, and yet not be told where they lie.
    await discard(response);
    return inMemory(await request(url, { signal: signal ?? null }), url, signal);
  }
  const bytesOf = async (one: Response) => new Uint8Array(await inWords(url, signal, () => one.arrayBuffer()));
  const first = await bytesOf(response);
  const etag = response.headers.get("ETag");
  return {
    size,
    async readRange(start, end) {
      const stop = Math.min(end, size);
      if (stop <= first.length) return first.slice(start, Math.max(start, stop));
      const part = await request(url, { headers: { Range: `bytes=${start}-${stop - 1}` }, signal: signal ?? null });
      await requireOk(part, url);
      if (part.status !== 206 || (totalOf(part) ?? size) !== size || part.headers.get("ETag") !== etag) {
        await discard(part);
        throw new DataError(`${shownUrl(url)}: the file was changed while it was read`);
      }
      const bytes = await bytesOf(part);
      if (bytes.length === stop - start) return bytes;
      throw new DataError(`${shownUrl(url)}: the server sent ${bytes.length} bytes of ${stop - start}`);
    },
  };
}

async function inMemory(response: Response, url: URL, signal: AbortSignal | undefined): Promise<Remote> {
  await requireOk(response, url);
  const blob = await inWords(url, signal, () => response.blob());
  return {
    size: blob.size,
    readRange: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}

async function requireOk(response: Response, url: URL): Promise<void> {
  if (response.ok) return;
  await discard(response);
  throw new DataError(`${shownUrl(url)}: the server answered ${response.status} ${response.statusText}`.trimEnd());
}

/** The size of the file of which an answer is a part, as it is: not compressed. */
function totalOf({ headers }: Response): number | undefined {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1];
  return total === undefined || headers.has("Content-Encoding") ? undefined : Number(total);
}
