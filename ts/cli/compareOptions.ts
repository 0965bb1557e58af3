import { InvalidArgumentError } from "commander";
import { nearest } from "../misspelt.js";
import type { CompareOptions } from "../train/compare/options.js";
import { type Plan, searchable } from "../train/compare/plan.js";
import * as rules from "../train/settings/rules.js";
import { UsageError } from "./command.js";
import { fieldFlag, fieldOf, type OptionSpec, ruled } from "./option.js";

type Command = Plan["command"];

/** Settings of which several values make a comparison. */
const VARIED = ["position", "attention"];

/** The options of a training command with those that make it a comparison. */
export function comparable(command: Command, specs: readonly OptionSpec[]): OptionSpec[] {
  return [
    ...specs.map((spec) =>
      VARIED.includes(fieldOf(spec))
        ? { ...spec, help: `${spec.help}; several, commas between, are compared`, parse: several(spec.parse) }
        : spec,
    ),
    {
      flags: "--seeds <numbers>",
      help: "train with each of these seeds, commas between, and compare",
      parse: (value) => [several(ruled(rules.seed))(value)].flat(),
    },
    ...(command === "finetune" ? [foldsOption] : []),
    {
      flags: "--search <settings>",
      help: "try these values of settings, as in lr=1e-4,3e-4,epochs=2,4, and name the best by the validation score",
      parse: (value) => searchOf(command, value),
    },
  ];
}

const foldsOption: OptionSpec = {
  flags: "--folds <number>",
  help: "cross-validate on so many folds of the training rows",
  parse: ruled(rules.whole(2)),
};

/** One value as it is, or a list of several: with commas between, or the list of a config file. */
const several =
  (parse: OptionSpec["parse"]) =>
  (value: unknown): unknown => {
    const written: readonly unknown[] = Array.isArray(value)
      ? value
      : typeof value === "string"
        ? value.split(",")
        : [value];
    const values = written.map((one) => parse(typeof one === "string" ? one.trim() : one));
    const twice = values.find((one, i) => values.indexOf(one) < i);
    if (twice !== undefined) throw new InvalidArgumentError(`${twice} is given twice.`);
    if (values.length === 0) throw new InvalidArgumentError("the list is empty.");
    return values.length === 1 ? values[0] : values;
  };

type Search = Record<string, readonly unknown[]>;

/** Values by setting: of a flag, where a part with "=" begins a setting; or of a config file. */
function searchOf(command: Command, value: unknown): Search {
  const written = typeof value === "string" ? partsOf(value) : Object.entries((value ?? {}) as object);
  if (written.length === 0 || (typeof value !== "string" && Array.isArray(value)))
    throw new InvalidArgumentError(`${JSON.stringify(value)} is not values of settings, as in lr=1e-4,3e-4.`);
  const found: Search = {};
  for (const [written_, values] of written) {
    const name = written_.trim().replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (Object.hasOwn(found, name)) throw new InvalidArgumentError(`${name} is given twice.`);
    found[name] = valuesOf(name, settingOf(command, name), values);
  }
  return found;
}

function partsOf(text: string): [string, string[]][] {
  const parts: [string, string[]][] = [];
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    if (at > 0) parts.push([part.slice(0, at), [part.slice(at + 1)]]);
    else if (parts.length > 0 && at < 0) parts.at(-1)![1].push(part);
    else throw new InvalidArgumentError(`${JSON.stringify(part)} is not a setting with a value, as in lr=1e-4,3e-4.`);
  }
  return parts;
}

function settingOf(command: Command, name: string): rules.Setting {
  const table = searchable(command);
  if (Object.hasOwn(table, name)) return table[name]!;
  const near = nearest(name, Object.keys(table));
  const hint = near ? `did you mean ${near}?` : `these are: ${Object.keys(table).join(", ")}.`;
  throw new InvalidArgumentError(`${JSON.stringify(name)} is not a setting that can be searched; ${hint}`);
}

function valuesOf(name: string, { rule }: rules.Setting, values: unknown): unknown[] {
  const read = (value: unknown) => {
    const text = typeof value === "string" ? value.trim() : value;
    return ruled(rule)(rule.kind === "boolean" && (text === "true" || text === "false") ? text === "true" : text);
  };
  try {
    return [several(read)(values)].flat(rule.kind === "list" ? 0 : 1);
  } catch (error) {
    throw new InvalidArgumentError(`${name}: ${(error as Error).message}`);
  }
}

/** A call of a training command: an ordinary run, or what a comparison has beside the options of its runs. */
export interface Compared {
  /** The options of the run, or of all runs. */
  readonly given: Record<string, unknown>;
  /** Undefined for an ordinary run. */
  readonly comparison?:
    | Pick<CompareOptions, "seeds" | "position" | "attention" | "search" | "folds" | "resume">
    | undefined;
}

/** Whether options ask for several runs. Errors: UsageError for options that do not go together. */
export function comparedBy(options: Record<string, unknown>): Compared {
  const {
    seeds,
    folds,
    search = {},
    resume,
    ...given
  } = options as Record<string, unknown> & {
    readonly seeds?: readonly number[];
    readonly search?: Search;
  };
  if (seeds && given.seed !== undefined) throw new UsageError("--seed cannot be set together with --seeds");
  for (const name of ["test", "glue"])
    if (folds !== undefined && given[name] !== undefined)
      throw new UsageError(`--folds cannot be set together with --${name}: each fold is the test of a run`);
  for (const name of Object.keys(search))
    if (given[name] !== undefined)
      throw new UsageError(`${fieldFlag(name)} cannot be set together with --search ${name}`);
  const varied = VARIED.filter((name) => Array.isArray(given[name]));
  const isSearch = Object.values(search).some((values) => values.length > 1);
  if ((seeds?.length ?? 1) < 2 && folds === undefined && varied.length === 0 && !isSearch) {
    const only = Object.fromEntries(Object.entries(search).map(([name, [value]]) => [name, value]));
    return { given: { ...given, ...only, ...(resume !== undefined && { resume }), ...(seeds && { seed: seeds[0] }) } };
  }
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => !varied.includes(name)));
  const lists = Object.fromEntries(varied.map((name) => [name, given[name]]));
  const wanted = {
    ...lists,
    ...(seeds && { seeds }),
    ...(folds !== undefined && { folds }),
    ...(resume === true && { resume }),
  };
  return {
    given: own,
    comparison: { ...wanted, ...(Object.keys(search).length > 0 && { search }) } as Compared["comparison"],
  };
}
