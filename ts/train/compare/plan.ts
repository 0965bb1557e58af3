import { ConfigError } from "../../errors.js";
import type { Names } from "../../options.js";
import { checkOptions } from "../../options.js";
import { FINETUNE, PRETRAIN } from "../options.js";
import type { Fold } from "../record.js";
import { FINETUNE_SETTINGS } from "../settings/finetune.js";
import { PRETRAIN_SETTINGS } from "../settings/pretrain.js";
import { checkSettings, type Setting, seed as seedRule } from "../settings/rules.js";
import { COMPARE, type CompareOptions, DECIDED } from "./options.js";

/** Settings that are compared with others. */
export interface Alternative {
  /** What it differs in: "position=learned, lr=0.0003". */
  readonly name: string;
  /** The settings that it differs in. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A run that is to be made. */
export interface PlannedRun {
  /** Its name, which its folder has. */
  readonly name: string;
  readonly alternative: Alternative;
  readonly seed: number;
  readonly fold?: Fold | undefined;
}

/** All runs of a comparison. */
export interface Plan {
  readonly command: "finetune" | "pretrain";
  readonly alternatives: readonly Alternative[];
  /** First the first seed and fold of every alternative, so that what is finished early can be compared. */
  readonly runs: readonly PlannedRun[];
  /** Names of the settings that are searched. */
  readonly searched: readonly string[];
}

/** What a command can be compared by. */
const COMMANDS = {
  finetune: { table: FINETUNE_SETTINGS, names: FINETUNE },
  pretrain: { table: PRETRAIN_SETTINGS, names: PRETRAIN },
} as const;

/** The runs that the options ask for. Errors: ConfigError. */
export function planOf(options: CompareOptions): Plan {
  checkOptions("compare", options, COMPARE);
  const command = commandOf(options);
  const given = options[command]!;
  checkCommon(command, given);
  checkFolds(options);
  const factors = factorsOf(command, options);
  const alternatives = combinations(factors).map((settings): Alternative => ({ name: nameOf(settings), settings }));
  const seeds = seedsOf(options, given.seed);
  const { folds } = options;
  const repeats = seeds.flatMap((seed) =>
    folds === undefined
      ? [{ seed }]
      : Array.from({ length: folds }, (_, i) => ({ seed, fold: { index: i + 1, of: folds } })),
  );
  const runs = repeats.flatMap((repeat) =>
    alternatives.map((alternative) => ({ name: runName(alternative, repeat, options), alternative, ...repeat })),
  );
  const names = new Set(runs.map(({ name }) => name));
  if (names.size < runs.length)
    throw new ConfigError("compare: the names of some alternatives are the same; vary fewer or shorter values");
  return { command, alternatives, runs, searched: Object.keys(options.search ?? {}) };
}

function commandOf({ finetune, pretrain }: CompareOptions): "finetune" | "pretrain" {
  if ((finetune === undefined) === (pretrain === undefined))
    throw new ConfigError("compare needs the options of either finetune or pretrain");
  return finetune === undefined ? "pretrain" : "finetune";
}

/** Refuses options of the runs that are wrong, or that the comparison decides. */
function checkCommon(command: keyof typeof COMMANDS, given: object): void {
  const own = Object.entries(COMMANDS[command].names).filter(([name]) => !Object.hasOwn(DECIDED, name));
  const decided = Object.keys(DECIDED).find((name) => (given as Record<string, unknown>)[name] !== undefined);
  if (decided !== undefined)
    throw new ConfigError(`compare: ${decided} is an option of compare, not of the ${command} of its runs`);
  checkOptions(`compare: ${command}`, given, Object.fromEntries(own) as Names<object>);
}

function checkFolds({ folds, finetune, pretrain }: CompareOptions): void {
  if (folds === undefined) return;
  if (!Number.isSafeInteger(folds) || folds < 2)
    throw new ConfigError(`compare: folds is ${JSON.stringify(folds)}, not a whole number of at least 2`);
  if (pretrain !== undefined) throw new ConfigError("compare: folds are of labeled rows, which pretrain does not have");
  for (const name of ["test", "glue"] as const)
    if (finetune?.[name] !== undefined)
      throw new ConfigError(`compare: folds cannot be set together with ${name}: each fold is the test of a run`);
}

/** A setting and the values that are compared. */
type Factor = readonly [name: string, values: readonly unknown[]];

function factorsOf(command: keyof typeof COMMANDS, options: CompareOptions): Factor[] {
  const { position, attention, search = {} } = options;
  checkOptions<object>("compare: search", search, searchable(command) as Names<object>, "setting");
  const factors = Object.entries<unknown>({ position, attention }).filter(isGiven);
  for (const [name, values] of Object.entries<unknown>(search).filter(isGiven)) {
    if (factors.some(([other]) => other === name))
      throw new ConfigError(`compare: ${name} is given twice, as an option and in search`);
    factors.push([name, values]);
  }
  const { table } = COMMANDS[command];
  for (const [name, values] of factors) {
    if ((options[command] as Record<string, unknown>)[name] !== undefined)
      throw new ConfigError(`compare: ${name} has values to compare, and is an option of ${command} too`);
    checkList(name, values);
    for (const value of values) checkSettings("compare: ", { [name]: value }, table);
  }
  return factors;
}

const isGiven = (entry: [string, unknown]): entry is [string, readonly unknown[]] => entry[1] !== undefined;

/** The settings that a search can vary: not what decides which run is better, nor what has an option of its own. */
export function searchable(command: keyof typeof COMMANDS): Readonly<Record<string, Setting>> {
  const { seed, metric, ...table } = COMMANDS[command].table as Readonly<Record<string, Setting>>;
  return table;
}

function seedsOf({ seeds }: CompareOptions, seed: number | undefined): readonly number[] {
  if (seeds === undefined) return [seed ?? 0];
  if (seed !== undefined) throw new ConfigError("compare: seed cannot be set together with seeds");
  checkList("seeds", seeds);
  for (const one of seeds)
    if (!seedRule.fits(one)) throw new ConfigError(`compare: seeds has ${JSON.stringify(one)}, not ${seedRule.want}`);
  return seeds;
}

/** Refuses what is not a list, an empty one, and one with a value twice. */
function checkList(name: string, values: unknown): void {
  if (!Array.isArray(values) || values.length === 0)
    throw new ConfigError(`compare: ${name} is ${JSON.stringify(values)}, not a list of values`);
  const texts = values.map((value) => JSON.stringify(value));
  const twice = texts.find((text, i) => texts.indexOf(text) < i);
  if (twice !== undefined) throw new ConfigError(`compare: ${name} has ${twice} twice`);
}

/** Every combination of the factors' values; the last factor's change first. */
const combinations = (factors: readonly Factor[]): Record<string, unknown>[] =>
  factors.reduce<Record<string, unknown>[]>(
    (all, [name, values]) => all.flatMap((settings) => values.map((value) => ({ ...settings, [name]: value }))),
    [{}],
  );

const nameOf = (settings: Readonly<Record<string, unknown>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(", ") || "all runs";

/** A value as names show it. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join("+");
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([name, one]) => `${name}:${shown(one)}`)
      .join("+");
  return String(value);
}

/** Characters of a folder's name, at most. */
const LONGEST = 160;

function runName(
  { settings }: Alternative,
  { seed, fold }: { readonly seed: number; readonly fold?: Fold },
  { seeds }: CompareOptions,
): string {
  const parts = [
    ...Object.entries(settings).map(([name, value]) => `${name}=${shown(value)}`),
    ...(seeds === undefined ? [] : [`seed=${seed}`]),
    ...(fold === undefined ? [] : [`fold=${fold.index}`]),
  ];
  // Names that Windows takes too, and that are not those of a folder above.
  const name = parts.join(",").replace(/[^\p{L}\p{N}=,.:+_-]|[:]/gu, "_");
  if (name.length > LONGEST)
    throw new ConfigError(`compare: the name of a run is longer than ${LONGEST} characters: ${name.slice(0, 80)}…`);
  return name === "" ? "run" : name;
}
