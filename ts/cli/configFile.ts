import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { ConfigError } from "../errors.js";
import { misspelt } from "../models/misspelt.js";
import { fieldOf, type OptionSpec } from "./option.js";

/** The options of a JSON or YAML file, each checked as its flag would be. */
export function readConfigFile(path: string, specs: readonly OptionSpec[]): Record<string, unknown> {
  const value = parseFile(path);
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ConfigError(`${path} is no object of options`);
  }
  const byField = new Map(specs.map((spec) => [fieldOf(spec), spec]));
  const options: Record<string, unknown> = {};
  for (const [field, given] of Object.entries(value)) {
    const spec = byField.get(field);
    if (!spec) throw new ConfigError(`${path}: ${field} is no option of this command${hint(field, value, byField)}`);
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

function parseFile(path: string): unknown {
  let content: string;
  try {
    content = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    // JSON is YAML too, but JSON's own parser names mistakes in JSON better.
    return path.endsWith(".json") ? JSON.parse(content) : parseYaml(content, { logLevel: "error" });
  } catch (error) {
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : jsonLine(content, error as Error);
    const what = (error as Error).message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
    throw new ConfigError(`${path}${line ? `:${line}` : ""}: ${what}`, { cause: error });
  }
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
  return near ? `; ${near.meant} is` : `; there are ${[...byField.keys()].join(", ")}`;
}
