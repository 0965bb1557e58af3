import { ConfigError } from "./errors.js";
import { nearest } from "./misspelt.js";

/** Every name of an options interface, as a key: a field that is added to the interface and missing here does not compile. */
export type Names<T> = Readonly<Record<keyof T, unknown>>;

/** What `Object.prototype.toString` calls objects of options, in any realm: literals, instances of classes, modules. */
const OBJECTS = ["[object Object]", "[object Module]"];

/**
 * Refuses options that are not an object, and an option whose name is not known; one whose value is undefined counts as absent.
 * `where` names the function in messages, `what` what the object holds. Errors: ConfigError with the likely name, or all names.
 */
export function checkOptions<T extends object>(
  where: string,
  options: T,
  names: Names<NoInfer<T>>,
  what = "option",
): void {
  if (!OBJECTS.includes(Object.prototype.toString.call(options)))
    throw new ConfigError(`${where}: the ${what}s are ${shown(options)}; expected an object`);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name) || options[name as keyof T] === undefined) continue;
    const free = Object.keys(names).filter((one) => options[one as keyof T] === undefined);
    const meant = nearest(name, free);
    const hint = meant ? `did you mean "${meant}"?` : `known ${what}s: ${Object.keys(names).join(", ") || "none"}`;
    throw new ConfigError(`${where}: unknown ${what} ${JSON.stringify(name.slice(0, 100))}; ${hint}`);
  }
}

/** Those of a larger object's fields that `names` has, as they are. */
export const pick = <T>(fields: Readonly<Record<string, unknown>>, names: Names<T>): T =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => Object.hasOwn(names, name))) as T;

/** A copy of options without those whose value is undefined. */
export const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

/** A value that is not an object of options, as messages show it. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : Object.prototype.toString.call(value).slice(8, -1);
}
