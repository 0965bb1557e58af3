import * as v from "valibot";
import type { StrictJson } from "../io/strictJson.js";
import type { LabelNames } from "./configFields.js";

/** What Python's `int` reads, which transformers calls for every id: "0", " 1 ", "01". */
const ID = /^\s*\+?\d+\s*$/;

/** Names by their ids, whatever JSON they are in; checked, they are texts by numbers in order. */
export const id2labelSchema = v.pipe(
  v.custom<LabelNames>(
    (value) => typeof value === "object" && value !== null && Object.keys(value).every((id) => ID.test(id)),
    "names by id, or a list of names",
  ),
  v.transform((names): Record<string, string> => {
    const byId = Object.entries(names).map(([id, name]): [number, string] => [Number(id), labelText(name)]);
    return Object.fromEntries(byId.sort(([a], [b]) => a - b));
  }),
);

/**
 * Ids by names, which nothing here depends on: transformers takes anything, and names come from `id2label` there too. What is no id
 * is left out.
 */
export const label2idSchema = v.pipe(
  v.custom<Record<string, number>>((value) => typeof value === "object", "ids by name"),
  v.transform((ids): Record<string, number> => {
    if (Array.isArray(ids)) return Object.fromEntries(ids.map((name, id) => [labelText(name), id]));
    const found = Object.entries(ids as Record<string, unknown>).map(([name, id]): [string, number] => [
      name,
      idOf(id),
    ]);
    return Object.fromEntries(found.filter(([, id]) => Number.isSafeInteger(id) && id >= 0));
  }),
);

/** An id that is a number, a truth value or the text of a number; NaN for anything else. */
function idOf(id: unknown): number {
  if (typeof id === "string") return ID.test(id) ? Number(id) : Number.NaN;
  return typeof id === "number" || typeof id === "boolean" ? Number(id) : Number.NaN;
}

/** A name as Python prints it, as transformers' pipelines show it: `true` is "True". Of a number, see {@link numberText}. */
function labelText(name: unknown): string {
  if (name === null) return "None";
  if (typeof name === "boolean") return name ? "True" : "False";
  return typeof name === "object" ? JSON.stringify(name) : String(name);
}

/**
 * A number as Python prints it, by its text in a file: 1 is "1", and 1.0 is "1.0". Undefined for what is not a number.
 */
export function numberText(value: StrictJson | undefined): string | undefined {
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null || !("text" in value)) return undefined;
  const { text } = value;
  return /[.eE]/.test(text) ? floatText(Number(text)) : text;
}

/** Python's `str` of a float: the shortest digits that mean it, with an exponent from 1e16 and below 1e-4. */
function floatText(x: number): string {
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const [digits, power] = x.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16)
    return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  const plain = `${Object.is(x, -0) ? "-" : ""}${x}`;
  return plain.includes(".") ? plain : `${plain}.0`;
}
