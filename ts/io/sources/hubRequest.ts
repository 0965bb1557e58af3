import { DataError } from "../../errors.js";
import { platform } from "../../platform/index.js";
import { discard, request, shownUrl, Unreachable } from "./http.js";
import type { HubModel } from "./hubCache.js";

/** Redirects that are followed at most. */
const MOST_REDIRECTS = 8;

/** What is asked of a hub. */
export interface HubQuestion {
  readonly file: string;
  readonly method: "HEAD" | "GET";
  /** A branch, tag or commit. */
  readonly revision: string;
  readonly signal: AbortSignal | undefined;
}

/** What a hub says of a file. */
export interface HubAnswer {
  readonly found: boolean;
  readonly response: Response;
  /** Where it came from in the end. */
  readonly url: URL;
  readonly commit: string | undefined;
  readonly etag: string | undefined;
}

/**
 * Asks for `ENDPOINT/owner/name/resolve/revision/file`. Errors: Unreachable where the network or the server fails, DataError that
 * says what to do where the hub refuses.
 */
export async function ask(model: HubModel, question: HubQuestion): Promise<HubAnswer> {
  const { endpoint, repository, token } = model;
  let url = new URL(endpoint);
  const path = [...repository.split("/"), "resolve", question.revision, ...question.file.split("/")];
  url.pathname = `${endpoint.pathname.replace(/\/$/, "")}/${path.map(encodeURIComponent).join("/")}`;
  let [commit, etag]: (string | null)[] = [null, null];
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const { method, signal = null } = question;
    // The token is nobody's business but the hub's.
    const headers: HeadersInit = token && url.origin === endpoint.origin ? { Authorization: `Bearer ${token}` } : {};
    // Browsers show no redirects; they take the token away from other origins themselves.
    const response = await request(url, { method, headers, signal, redirect: platform.isNode ? "manual" : "follow" });
    commit ??= response.headers.get("X-Repo-Commit");
    etag ??= response.headers.get("X-Linked-Etag") ?? response.headers.get("ETag");
    const answer = { response, url, commit: checkedCommit(commit), etag: etag ?? undefined };
    const location = response.status >= 300 && response.status < 400 ? response.headers.get("Location") : null;
    if (location === null) {
      if (response.ok) return { found: true, ...answer };
      await discard(response);
      requireAbsent(model, question, response, url);
      return { found: false, ...answer };
    }
    await discard(response);
    url = redirected(url, location);
    // The file is somewhere else: so it exists, and that is all that was asked.
    if (method === "HEAD" && url.origin !== endpoint.origin) return { found: true, ...answer };
  }
  throw new DataError(`${model.name}: ${shownUrl(endpoint)} redirects without end`);
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isSafe = to?.protocol === "https:" || (to?.protocol === "http:" && from.protocol === "http:");
  if (to === undefined || !isSafe)
    throw new DataError(
      `${shownUrl(from)} redirects to ${JSON.stringify(location.slice(0, 200))}, which is not followed`,
    );
  return to;
}

/** A commit becomes a folder's name. */
const checkedCommit = (commit: string | null): string | undefined =>
  commit !== null && /^\w[\w.-]*$/.test(commit) ? commit : undefined;

/** Returns if an answer means that there is no such file; every other one is an error. */
function requireAbsent(model: HubModel, { revision }: HubQuestion, { status, headers }: Response, url: URL): void {
  const code = headers.get("X-Error-Code") ?? "";
  const { name, repository, endpoint, token } = model;
  const refuse = (what: string): never => {
    throw new DataError(`${name}: ${endpoint.host} answered ${status}: ${what}`);
  };
  if (status === 401 && token) refuse("HF_TOKEN is not valid there, or may not read this model");
  if (status === 401) refuse("there is no such model, or it is private: set HF_TOKEN to a token that may read it");
  if (status === 403) {
    const page = `${endpoint.href.replace(/\/$/, "")}/${repository}`;
    refuse(`${token ? "HF_TOKEN may not read it" : "HF_TOKEN is not set"}, or ${page} has conditions to be accepted`);
  }
  if (code === "RepoNotFound") refuse("there is no such model; is the name spelt right?");
  if (code === "RevisionNotFound") refuse(`the model has no revision "${revision}"`);
  if (status === 429 || status >= 500) throw new Unreachable(`${shownUrl(url)} answered ${status}`);
  if (status !== 404) refuse(`${shownUrl(url)} cannot be had`);
}
