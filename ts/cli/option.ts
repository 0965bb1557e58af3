import { InvalidArgumentError, Option } from "commander";
import { MOST_THREADS } from "../engine/wasm/variants.js";
import * as rules from "../train/settings/rules.js";
import { readStages } from "../train/settings/stages.js";

/** An option of a command: a flag, a field of the config file and a check, in one declaration. */
export interface OptionSpec {
  /** In commander's syntax: "--max-length <tokens>". */
  readonly flags: string;
  readonly help: string;
  /**
   * Converts the text of a flag, or a value of a config file, to the option's value; throws InvalidArgumentError. `before` is
   * the result for the earlier words of a flag that takes several ("--data <files...>").
   */
  readonly parse: (value: unknown, before?: unknown) => unknown;
  /** Whether the flag has no value. */
  readonly isFlag?: boolean;
}

/** A flag's field in a config file: maxLength for --max-length. */
export const fieldOf = (spec: OptionSpec): string => new Option(spec.flags).attributeName();

/** The flag for a field: --max-length for maxLength. */
export const fieldFlag = (field: string): string =>
  `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Makes commander's option. */
export function commanderOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.help);
  return spec.isFlag ? option : option.argParser(spec.parse);
}

const refuse = (value: unknown, want: string): never => {
  const shown = typeof value === "number" ? String(value) : JSON.stringify(value);
  throw new InvalidArgumentError(`${shown} is not ${want}.`);
};

/** What a flag's text is read as. */
const readers: Readonly<Record<rules.Rule["kind"], (text: string) => unknown>> = {
  number: (text) => (text.trim() === "" ? text : Number(text)),
  text: (text) => text,
  list: (text) => text.split(",").map((one) => one.trim()),
  numbers: (text) => text.split(",").map((one) => (one.trim() === "" ? Number.NaN : Number(one))),
  boolean: (text) => text,
  stages: readStages,
  pairs: (text) =>
    text.includes("=")
      ? Object.fromEntries(
          text
            .split(",")
            .map((pair) => [
              pair.slice(0, pair.lastIndexOf("=")).trim(),
              Number(pair.slice(pair.lastIndexOf("=") + 1)),
            ]),
        )
      : text,
};

/** Reads a value that a rule allows. */
export const ruled =
  <T = unknown>({ kind, want, word, fits }: rules.Rule) =>
  (value: unknown): T => {
    const read = typeof value === "string" && value !== word ? readers[kind](value) : value;
    return fits(read) ? (read as T) : refuse(value, want);
  };

/** A whole number of at least `least`. */
export const whole = (least: number) => ruled<number>(rules.whole(least));

/** One of some names. */
export const oneOf = (names: readonly string[]) => ruled<string>(rules.oneOf(names));

/** true or false, in a config file. */
export const flag = ruled<boolean>(rules.flag);

/** A subset of some names: separated by commas in a flag, or a list in a config file. */
export const listOf =
  (names: readonly string[]) =>
  (value: unknown): string[] => {
    const list: readonly unknown[] = Array.isArray(value) && value.length > 0 ? value : String(value).split(",");
    return list.map((one) => oneOf(names)(typeof one === "string" ? one.trim() : one));
  };

/** The path of a file or folder. */
export const path = (value: unknown): string =>
  typeof value === "string" && value !== "" ? value : refuse(value, "a path");

/** Paths of files: a flag's words one by one, or the list of a config file. */
export const paths = (value: unknown, before: unknown = []): string[] =>
  Array.isArray(value) && value.length > 0 ? value.map(path) : [...(before as string[]), path(value)];

/** yes or no; in a config file true or false. */
export const yesOrNo = (value: unknown): boolean =>
  value === "yes" || value === true ? true : value === "no" || value === false ? false : refuse(value, "yes or no");

/** Any text. */
export const text = (value: unknown): string => (typeof value === "string" ? value : refuse(value, "a text"));

/** Threads: a whole number, or "auto". */
const threads: rules.Rule = {
  ...{ want: `"auto" or a whole number from 1 to ${MOST_THREADS}`, kind: "number" },
  fits: (value) => value === "auto" || (rules.whole(1).fits(value) && (value as number) <= MOST_THREADS),
};

/** Options of every command. */
export const commonOptions: readonly OptionSpec[] = [
  {
    flags: "--config <file>",
    help: "JSON or YAML file with long flags as fields, max-length or maxLength; flags take precedence",
    parse: path,
  },
  { flags: "--seed <number>", help: "seed of all random numbers (default: 0)", parse: ruled(rules.seed) },
  {
    flags: "--threads <number|auto>",
    help: "number of threads (default: $ROFORMER_THREADS, else one per core)",
    parse: (value) => (value === "auto" ? value : ruled(threads)(value)),
  },
  {
    flags: "--json",
    help: "print JSON on stdout, one value or one line per result; everything else goes to stderr",
    parse: flag,
    isFlag: true,
  },
  { flags: "--quiet", help: "print only results and errors", parse: flag, isFlag: true },
  { flags: "--debug", help: "print stack traces", parse: flag, isFlag: true },
];
