import { createReadStream } from "node:fs";
import { InvalidArgumentError } from "commander";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { ConfigError } from "../errors.js";
import { decodeText, requireObject } from "../io/json.js";
import { errorReason, reason } from "../io/reasons.js";
import { misspelt } from "../misspelt.js";
import { fieldOf, type OptionSpec } from "./option.js";

/** Maximum size of a config file in bytes. */
const LONGEST = 2 ** 20;

/** Maximum levels of lists and objects; options have two. */
const DEEPEST = 32;

/** The options in a JSON or YAML file, each checked like its flag. */
export async function readConfigFile(path: string, specs: readonly OptionSpec[]): Promise<Record<string, unknown>> {
  const value = requireObject(parse(path, decodeText(await readBounded(path), path, ConfigError)), path, ConfigError);
  const byField = new Map(specs.map((spec) => [fieldOf(spec), spec]));
  const options: Record<string, unknown> = {};
  for (const [written, given] of Object.entries(value)) {
    const field = written.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const spec = byField.get(field);
    if (!spec)
      throw new ConfigError(`${path}: ${field} is not an option of this command${hint(field, value, byField)}`);
    try {
      options[field] = spec.parse(given);
      if (typeof given === "string" && typeof options[field] === "number")
        throw new InvalidArgumentError(`${JSON.stringify(given)} is a string; write the number without quotes.`);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw new ConfigError(`${path}: ${field}: ${error.message.replace(/\.$/, "")}`, { cause: error });
    }
  }
  return options;
}

/** A file's bytes, up to a limit: `path` may be an endless device. */
async function readBounded(path: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of createReadStream(path)) {
      pieces.push(piece as Uint8Array);
      length += (piece as Uint8Array).length;
      if (length > LONGEST) break;
    }
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${reason(error)}`, { cause: error, reason: errorReason(error) });
  }
  if (length > LONGEST) throw new ConfigError(`${path} is longer than ${LONGEST} bytes, too long for a config file`);
  return Buffer.concat(pieces);
}

function parse(path: string, content: string): unknown {
  try {
    // JSON is valid YAML, but JSON's parser describes mistakes in JSON better.
    const value: unknown = path.endsWith(".json") ? JSON.parse(content) : parseYaml(content, { logLevel: "error" });
    requireTree(value, []);
    return value;
  } catch (error) {
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : jsonLine(content, error as Error);
    if (error instanceof RangeError) throw new ConfigError(`${path}: it is nested too deeply`, { cause: error });
    const what = (error as Error).message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
    throw new ConfigError(`${path}${line ? `:${line}` : ""}: ${what}`, { cause: error });
  }
}

/** Checks that a value could be JSON: an alias may be inside what it repeats. */
function requireTree(value: unknown, above: readonly unknown[]): void {
  if (typeof value !== "object" || value === null) return;
  if (above.length === DEEPEST) throw new Error(`more than ${DEEPEST} levels of lists and objects`);
  if (above.includes(value)) throw new Error("an alias contains itself");
  for (const one of Object.values(value)) requireTree(one, [...above, value]);
}

function jsonLine(content: string, error: Error): number {
  const at = /position (\d+)/.exec(error.message)?.[1];
  // Without a position, the text ended too early.
  return content
    .slice(0, at === undefined ? undefined : Number(at))
    .trimEnd()
    .split("\n").length;
}

function hint(field: string, value: object, byField: ReadonlyMap<string, OptionSpec>): string {
  const near = misspelt([field, ...Object.keys(value).filter((name) => byField.has(name))], [...byField.keys()]);
  return near ? `; ${near.meant} is` : `; the options are ${[...byField.keys()].join(", ")}`;
}
