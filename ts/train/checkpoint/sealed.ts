import { hashOfText } from "../../io/hashes.js";
import { fromExactJson, toExactJson } from "./exactJson.js";

const [OPEN, MIDDLE, CLOSE] = ['{"sha256":"', '","value":', "}\n"] as const;
/** Digits of a hash. */
const DIGITS = 64;

/** A value as JSON with a hash of it: a text that was cut short or changed is not read. */
export async function sealed(value: unknown): Promise<string> {
  const text = toExactJson(value);
  return `${OPEN}${await hashOfText(text)}${MIDDLE}${text}${CLOSE}`;
}

/** What {@link sealed} was given; undefined for a text that is damaged. */
export async function unsealed(text: string): Promise<unknown> {
  const begin = OPEN.length + DIGITS + MIDDLE.length;
  const [hash, value] = [text.slice(OPEN.length, OPEN.length + DIGITS), text.slice(begin, -CLOSE.length)];
  if (text !== `${OPEN}${hash}${MIDDLE}${value}${CLOSE}` || (await hashOfText(value)) !== hash) return undefined;
  return fromExactJson(value);
}
