import type { ErrorReason } from "../../errors.js";

/** Network failures in words, by the codes of Node and its `fetch`. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  ENOTFOUND: "the host does not exist",
  EAI_AGAIN: "the host's name cannot be looked up",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no network",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_HEADERS_TIMEOUT: "the server did not answer",
  UND_ERR_BODY_TIMEOUT: "the server stopped sending",
  UND_ERR_SOCKET: "the other side closed the connection",
  UND_ERR_HEADERS_OVERFLOW: "the answer's headers are too large",
};

/** Describes a network failure without headers, addresses or other parts of the request, which may be secret. */
export interface NetworkFailure {
  readonly words: string;
  readonly reason: ErrorReason;
  /** Replaces the error in `cause`: its code, and only text that is known to be harmless. */
  readonly cause: Error;
}

/** The failure of `fetch` or of reading a body. Node's message is "fetch failed"; the reason is in the cause. */
export function networkFailure(error: unknown): NetworkFailure {
  const chain = causes(error);
  const codes = chain.map((one) => (one as { code?: unknown }).code);
  const code = codes.find((one): one is string => typeof one === "string" && /^[A-Z][A-Z0-9_]*$/.test(one));
  const texts = chain.map((one) => String((one as Error).message ?? "")).reverse();
  const plain = texts.find((text) => /^[\w ,.()-]{3,100}$/.test(text)) ?? "the request failed";
  const words = code === undefined ? plain : `${WORDS[code] ?? plain} (${code})`;
  const cause = Object.assign(new Error(words), code !== undefined && { code });
  return { words, reason: /TIMEDOUT|TIMEOUT/.test(code ?? "") ? "timeout" : "network", cause };
}

function causes(error: unknown): object[] {
  const found: object[] = [];
  for (let at = error; typeof at === "object" && at !== null && found.length < 5; at = (at as Error).cause)
    found.push(at);
  return found;
}
