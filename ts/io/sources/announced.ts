import { DataError } from "../../errors.js";
import { type Hash, platform } from "../../platform/index.js";
import { lengthOf } from "./http.js";

/** What a hub reports about a file before the download. */
export interface Announced {
  /** Size in bytes, if known. */
  readonly size: number | undefined;
  /** Its SHA-256, which is the hub's ETag for files in large storage. */
  readonly sha256: string | undefined;
  /** Identifies this version of the file; for files in git itself, the SHA-1 of the blob. */
  readonly etag: string | undefined;
}

/** Combines what responses, each a redirect to the next, report about a file. */
export function announcedBy(answers: readonly Response[], method: "HEAD" | "GET"): Announced {
  const first = (name: string) =>
    answers.map(({ headers }) => headers.get(name)).find((value): value is string => value !== null);
  const linked = first("X-Linked-Size");
  const last = answers.at(-1)!;
  const length = last.status === 200 ? lengthOf(last) : undefined;
  // Some servers report 0 for every HEAD.
  const known = method === "HEAD" && length === 0 ? undefined : length;
  const sha256 = plain(first("X-Linked-Etag"));
  return {
    size: linked !== undefined && /^\d{1,15}$/.test(linked) ? Number(linked) : known,
    sha256: /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined,
    etag: plain(first("X-Linked-Etag") ?? first("ETag")) || undefined,
  };
}

/** An ETag without its quotes and without the suffix for compressed responses. */
const plain = (etag = ""): string => etag.replace(/^W\//, "").replaceAll('"', "");

/** Merges what two responses report; the first one takes precedence. Errors: DataError if they are of different files. */
export function agreed(where: string, first: Announced, second: Announced): Announced {
  for (const field of ["size", "sha256"] as const) {
    const [a, b] = [first[field], second[field]];
    if (a !== undefined && b !== undefined && a !== b) throw changed(where);
  }
  const { size = second.size, sha256 = second.sha256, etag = second.etag } = first;
  return { size, sha256, etag };
}

/** The error if two requests for one file got different versions. */
export const changed = (where: string): DataError =>
  new DataError(`${where}: the file was changed while it was read`, { reason: "network" });

/** Passes pieces on and checks them against the announced hashes. Errors: DataError after the last piece. */
export async function* verified(
  where: string,
  { size, sha256, etag = "" }: Announced,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const large = sha256 === undefined ? undefined : platform.hash("sha256");
  // A mirror's SHA-1 may be that of the file, not of git's blob, which begins with its length.
  const isGit = sha256 === undefined && /^[0-9a-f]{40}$/.test(etag) && size !== undefined && size <= MOST_IN_GIT;
  const small = isGit ? [platform.hash("sha1"), platform.hash("sha1")].filter((hash) => hash !== undefined) : [];
  small[0]?.update(new TextEncoder().encode(`blob ${size}\0`));
  for await (const piece of pieces) {
    for (const hash of [...small, ...(large ? [large] : [])]) hash.update(piece);
    yield piece;
  }
  if (large) await requireOne(where, "SHA-256", [large], sha256!);
  if (small.length > 0) await requireOne(where, "SHA-1", small, etag);
}

/** Maximum size of a file in git: the hub stores larger ones elsewhere. */
const MOST_IN_GIT = 2 ** 25;

async function requireOne(where: string, name: string, hashes: readonly Hash[], wanted: string): Promise<void> {
  const got = await Promise.all(hashes.map((hash) => hash.hex()));
  if (!got.includes(wanted))
    throw new DataError(`${where}: its ${name} is ${got[0]}, not ${wanted} as announced`, { reason: "network" });
}
