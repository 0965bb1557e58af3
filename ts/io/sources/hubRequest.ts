import { DataError, type ErrorReason } from "../../errors.js";
import { platform, shownAddress, shownUrl } from "../../platform/index.js";
import { type Announced, announcedBy } from "./announced.js";
import { asTheyAre, discard, request, Unreachable, type Waiting } from "./http.js";

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

/** Redirects that are followed at most. */
const MOST_REDIRECTS = 8;

/** What is asked of a hub. */
export interface HubQuestion {
  readonly file: string;
  readonly method: "HEAD" | "GET";
  /** A branch, tag or commit. */
  readonly revision: string;
}

/** What a hub says of a file. */
export interface HubAnswer {
  /** "unnamed": 404 without the hub's word that it is the file that does not exist, which a proxy may have answered. */
  readonly found: "yes" | "no" | "unnamed";
  readonly response: Response;
  /** Where it came from in the end. */
  readonly url: URL;
  readonly commit: string | undefined;
  readonly announced: Announced;
}

/**
 * Asks for `ENDPOINT/owner/name/resolve/revision/file`. Errors: Unreachable where the network or the server fails, DataError that
 * says what to do where the hub refuses.
 */
export async function ask(model: HubModel, question: HubQuestion, waiting: Waiting): Promise<HubAnswer> {
  const { endpoint, repository, token } = model;
  let url = new URL(endpoint);
  const path = [...repository.split("/"), "resolve", question.revision, ...question.file.split("/")];
  url.pathname = `${endpoint.pathname.replace(/\/$/, "")}/${path.map(encodeURIComponent).join("/")}`;
  const answers: Response[] = [];
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const { method } = question;
    // The token is nobody's business but the hub's.
    const mayKnow = token !== undefined && url.origin === endpoint.origin;
    const headers = { ...asTheyAre(), ...(mayKnow && { Authorization: `Bearer ${token}` }) };
    // Browsers show no redirects; they take the token away from other origins themselves.
    const redirect = platform.isNode ? "manual" : "follow";
    const response = await request(url, { method, headers, redirect }, waiting);
    answers.push(response);
    const answer = { response, url, commit: commitOf(answers), announced: announcedBy(answers, question.method) };
    const location = response.status >= 300 && response.status < 400 ? response.headers.get("Location") : null;
    if (location === null) {
      if (response.status === 200 && !isPage(response, question.file)) return { found: "yes", ...answer };
      discard(response);
      return { found: absence(model, question, response, url), ...answer };
    }
    discard(response);
    url = redirected(url, location);
    // The file is somewhere else: so it exists, and that is all that was asked.
    if (method === "HEAD" && url.origin !== endpoint.origin) return { found: "yes", ...answer };
  }
  throw new DataError(`${model.name}: ${shownUrl(endpoint)} redirects without end`);
}

/** Networks with a page to log in at answer with it, whatever was asked for. */
const isPage = ({ headers }: Response, file: string): boolean =>
  /^text\/html\b/i.test(headers.get("Content-Type") ?? "") && !/\.html?$/.test(file);

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isSafe = to?.protocol === "https:" || (to?.protocol === "http:" && from.protocol === "http:");
  if (to === undefined || !isSafe || to.username !== "" || to.password !== "")
    throw new DataError(
      `${shownUrl(from)} redirects to ${JSON.stringify(shownAddress(location).slice(0, 200))}, which is not followed`,
    );
  return to;
}

/** A commit as the first answer names it; it becomes a folder's name. */
function commitOf(answers: readonly Response[]): string | undefined {
  const named = answers.map(({ headers }) => headers.get("X-Repo-Commit")).find((commit) => commit !== null);
  return named !== undefined && isCommit(named) ? named : undefined;
}

/** Whether a text can be a commit's. */
export const isCommit = (text: string): boolean => /^\w[\w.-]{0,99}$/.test(text);

/** What a refusal says of the file; every one but that it does not exist is an error. */
function absence(
  { name, repository, endpoint, token }: HubModel,
  { revision }: HubQuestion,
  { status, headers }: Response,
  url: URL,
): "no" | "unnamed" {
  const code = headers.get("X-Error-Code") ?? "";
  const refuse = (what: string, reason?: ErrorReason): never => {
    throw new DataError(`${name}: ${endpoint.host} answered ${status}: ${what}`, { reason });
  };
  if (status === 401 && token) refuse("HF_TOKEN is not valid there, or may not read this model");
  if (status === 401) refuse("there is no such model, or it is private: set HF_TOKEN to a token that may read it");
  if (status === 403) {
    const page = `${shownUrl(endpoint).replace(/\/$/, "")}/${repository}`;
    refuse(`${token ? "HF_TOKEN may not read it" : "HF_TOKEN is not set"}, or ${page} has conditions to be accepted`);
  }
  if (code === "RepoNotFound") refuse("there is no such model; is the name spelt right?", "not-found");
  if (code === "RevisionNotFound") refuse(`the model has no revision "${revision}"`, "not-found");
  if (status === 429 || status >= 500) throw new Unreachable(`${shownUrl(url)} answered ${status}`);
  if (status === 200) throw new Unreachable(`${shownUrl(url)} answered with a page: does this network want a login?`);
  if (status !== 404) refuse(`${shownUrl(url)} cannot be had`);
  return code === "EntryNotFound" ? "no" : "unnamed";
}
