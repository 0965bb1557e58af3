import { ConfigError } from "../../errors.js";
import { shownAddress } from "../../platform/index.js";

/** A token from the environment. Errors: ConfigError, which does not show the token, for an invalid one. */
export function checkedToken(given: string | undefined): string | undefined {
  const token = given?.trim();
  if (!token) return undefined;
  if (/[\r\n]/.test(token)) throw new ConfigError("HF_TOKEN holds a line end");
  const at = token.search(/[^\x21-\x7e]/);
  if (at >= 0) throw new ConfigError(`HF_TOKEN holds an invalid character at position ${at + 1}`);
  return token;
}

/** A hub's address from the environment. Errors: ConfigError, which shows no secrets, for an invalid one. */
export function checkedEndpoint(given: string): URL {
  if (!URL.canParse(given) || !/^https?:\/\//i.test(given))
    throw new ConfigError(`HF_ENDPOINT is ${JSON.stringify(shownAddress(given))}, not an http or https URL`);
  const { username, password, origin, pathname } = new URL(given);
  if (username !== "" || password !== "")
    throw new ConfigError("HF_ENDPOINT contains a user name or password, which are not sent; use HF_TOKEN");
  return new URL(origin + pathname);
}
