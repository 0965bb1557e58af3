import { Command, CommanderError } from "commander";
import { setDefaults } from "../engine/engine.js";
import { AbortError, RoFormerError } from "../errors.js";
import { readConfigFile } from "./configFile.js";
import { commanderOption, commonOptions, fieldFlag, type OptionSpec } from "./option.js";
import { type Output, output } from "./output.js";
import { stopSignals } from "./stopSignals.js";

/** Exit codes, for scripts. */
export const EXIT = { done: 0, input: 1, usage: 2, interrupted: 130 } as const;

/** The input of a command. */
export interface Call {
  /** Values by field; flags take precedence over the config file. */
  readonly options: Record<string, unknown>;
  readonly words: readonly string[];
  readonly out: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** From here on a stop saves what was made: a second Ctrl-C waits for that. Before, it ends the process. */
  protect(): void;
}

/** A command of the program: one file, and a line in `commands/index.ts`. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments in commander's syntax: "[texts...]". */
  readonly words?: string;
  readonly options: readonly OptionSpec[];
  /** Required fields. */
  readonly required: readonly string[] | ((options: Readonly<Record<string, unknown>>) => readonly string[]);
  /** Returns the exit code, if it is not 0. */
  run(call: Call): Promise<number | undefined>;
}

/** A wrong use of the program: exit code 2. */
export class UsageError extends Error {}

/** Makes commander's command from a specification. */
export function buildCommand(spec: CommandSpec, finish: (code: number) => void): Command {
  const command = new Command(spec.name).description(spec.summary).exitOverride().allowExcessArguments(false);
  if (spec.words) command.argument(spec.words);
  const all = [...spec.options, ...commonOptions];
  for (const option of all) command.addOption(commanderOption(option));
  command.action(async (...given: unknown[]) => {
    // commander takes --no-x for on if it is not there: the config file would not count.
    const isSet = ([name]: [string, unknown]) => command.getOptionValueSource(name) !== "default";
    const flags = Object.fromEntries(Object.entries(given.at(-2) as object).filter(isSet));
    const words = spec.words ? ((given[0] ?? []) as string[]) : [];
    finish(await runCommand(spec, all, flags, words));
  });
  return command;
}

async function runCommand(
  spec: CommandSpec,
  all: readonly OptionSpec[],
  flags: Record<string, unknown>,
  words: readonly string[],
) {
  const stops = stopSignals();
  let debug = Boolean(flags.debug);
  let out: Output | undefined;
  try {
    const file = typeof flags.config === "string" ? await readConfigFile(flags.config, all) : {};
    // Until here a signal ends the process: a silent pipe could not be interrupted otherwise.
    stops.listen();
    const options = { ...file, ...flags };
    debug ||= Boolean(options.debug);
    const required = typeof spec.required === "function" ? spec.required(options) : spec.required;
    const missing = required.filter((field) => options[field] === undefined);
    if (missing.length > 0) {
      throw new UsageError(`${spec.name} needs ${missing.map(fieldFlag).join(", ")}`);
    }
    // The engine starts on first use. A program may set V8 flags, which a library must not.
    setDefaults({
      v8Flags: true,
      ...(options.threads !== undefined && { threads: options.threads as number | "auto" }),
    });
    out = output(options);
    return (await spec.run({ options, words, out, signal: stops.signal, protect: stops.protect })) ?? EXIT.done;
  } catch (error) {
    out?.end(); // a progress bar hides the cursor
    return report(error, debug);
  } finally {
    out?.end();
    stops.leave();
  }
}

/** Prints an error as one line (with its stack if debugging), and returns the exit code. */
export function report(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage; // commander has printed it
  const { message, stack } = error as Error;
  const what = error instanceof AbortError ? "" : "error: "; // an interruption is not an error
  process.stderr.write(`${what}${debug ? (stack ?? message) : oneLine(error)}\n`);
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof AbortError ? EXIT.interrupted : EXIT.input;
}

function oneLine(error: unknown): string {
  const text = String((error as Error)?.message ?? error).replace(/\s*\n\s*/g, " ");
  return error instanceof RoFormerError || error instanceof UsageError ? text : `${text} (run with --debug for where)`;
}
