import { DataError, type ErrorReason } from "../../errors.js";
import { platform, shownAddress, shownUrl } from "../../platform/index.js";
import { type Announced, announcedBy } from "./announced.js";
import { asTheyAre, discard, request, Unreachable, type Waiting } from "./http.js";

/** A model on a hub, at one revision. */
export interface HubModel {
  /** Its name in messages. */
  readonly name: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly revision: string;
  readonly endpoint: URL;
  readonly token: string | undefined;
}

/** Maximum number of redirects. */
const MOST_REDIRECTS = 8;

/** A request to a hub. */
export interface HubQuestion {
  readonly file: string;
  readonly method: "HEAD" | "GET";
  /** A branch, tag or commit. */
  readonly revision: string;
}

/** A hub's response about a file. */
export interface HubAnswer {
  /** "unnamed": a 404 that does not name the file as missing, and may come from a proxy. */
  readonly found: "yes" | "no" | "unnamed";
  readonly response: Response;
  /** The final URL. */
  readonly url: URL;
  readonly commit: string | undefined;
  readonly announced: Announced;
}

/**
 * Requests `ENDPOINT/owner/name/resolve/revision/file`. Errors: Unreachable if the network or the server fails, DataError that
 * says what to do if the hub refuses.
 */
export async function ask(model: HubModel, question: HubQuestion, waiting: Waiting): Promise<HubAnswer> {
  const { endpoint, repository, token } = model;
  let url = new URL(endpoint);
  const path = [...repository.split("/"), "resolve", question.revision, ...question.file.split("/")];
  url.pathname = `${endpoint.pathname.replace(/\/$/, "")}/${path.map(encodeURIComponent).join("/")}`;
  const answers: Response[] = [];
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const { method } = question;
    // The token is for the hub alone.
    const mayKnow = token !== undefined && url.origin === endpoint.origin;
    const headers = { ...asTheyAre(), ...(mayKnow && { Authorization: `Bearer ${token}` }) };
    // Browsers hide redirects; they remove the token for other origins themselves.
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
    // A redirect means that the file exists, which is the question.
    if (method === "HEAD" && url.origin !== endpoint.origin) return { found: "yes", ...answer };
  }
  throw new DataError(`${model.name}: ${shownUrl(endpoint)} redirects too often`);
}

/** Whether a response is a network's login page. */
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

/** A commit as the first response names it; it becomes a folder's name. */
function commitOf(answers: readonly Response[]): string | undefined {
  const named = answers.map(({ headers }) => headers.get("X-Repo-Commit")).find((commit) => commit !== null);
  return named !== undefined && isCommit(named) ? named : undefined;
}

/** Whether a string can be a commit. */
export const isCommit = (text: string): boolean => /^\w[\w.-]{0,99}$/.test(text);

/** Interprets a refusal: anything but a missing file is an error. */
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
    refuse(
      `${token ? "HF_TOKEN may not read it" : "HF_TOKEN is not set"}, or the conditions on ${page} have not been accepted`,
    );
  }
  if (code === "RepoNotFound") refuse("there is no such model; is the name spelled right?", "not-found");
  if (code === "RevisionNotFound") refuse(`the model has no revision "${revision}"`, "not-found");
  if (status === 429 || status >= 500) throw new Unreachable(`${shownUrl(url)} answered ${status}`);
  if (status === 200)
    throw new Unreachable(`${shownUrl(url)} answered with a web page: does this network require a login?`);
  if (status !== 404) refuse(`${shownUrl(url)} is not available`);
  return code === "EntryNotFound" ? "no" : "unnamed";
}
