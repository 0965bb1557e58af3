import { ConfigError } from "../../errors.js";
import { numbersIn, type ResolvedLora, shown, textsIn } from "./settings.js";

/** Which of a network's modules get an adapter, as PEFT decides. */
export interface Modules {
  /** All modules that have parameters, and those around them. */
  readonly names: readonly string[];
  /** Those that are linear layers. */
  readonly linears: ReadonlySet<string>;
  /** Linear layers that "all-linear" leaves out. */
  readonly outputs: readonly string[];
}

type Matching = Pick<
  ResolvedLora,
  "targetModules" | "excludeModules" | "modulesToSave" | "layersToTransform" | "layersPattern"
>;

/** Modules that contain the parameters `names`: `a.b` and `a` for `a.b.weight`. */
export function modulesOf(names: Iterable<string>): string[] {
  const modules = new Set<string>();
  for (const name of names) {
    const parts = name.split(".");
    for (let n = 1; n < parts.length; n++) modules.add(parts.slice(0, n).join("."));
  }
  return [...modules];
}

/** A regular expression of Python's `re`, for a whole text. Errors: ConfigError where it cannot be read. */
function wholePattern(where: string, pattern: string): RegExp {
  const spelled = pattern.replaceAll("(?P<", "(?<").replace(/\\([AZ])/g, (_, end: string) => (end === "A" ? "^" : "$"));
  try {
    return new RegExp(`^(?:${spelled})$`);
  } catch (error) {
    throw new ConfigError(`${where}: ${shown(pattern)} is not a regular expression: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Whether `targetModules` means every linear layer. */
export const isAllLinear = (targets: string | readonly string[]): boolean =>
  typeof targets === "string" && targets.toLowerCase() === "all-linear";

const endsAs = (name: string, end: string): boolean => name === end || name.endsWith(`.${end}`);

/** Whether a module is one of those that are trained whole, or inside of one. */
const isWithin = (name: string, module: string): boolean => `.${name}.`.includes(`.${module}.`);

/**
 * The linear layers that get an adapter, in the order of the names. `strict`: each name of a list must meet one. Errors: ConfigError where
 * none does, or for a module that is not a linear layer.
 */
export function targetsIn(where: string, settings: Matching, modules: Modules, strict: boolean): string[] {
  const { targetModules: targets, excludeModules } = settings;
  const isTarget = matcher(where, targets, modules);
  const isExcluded = textsIn(excludeModules).length > 0 ? matcher(where, excludeModules, modules) : () => false;
  const isSaved = (name: string) => settings.modulesToSave.some((module) => isWithin(name, module));
  const inLayers = layerFilter(where, settings);
  const named = modules.names.filter(isTarget);
  const missed =
    typeof targets === "string" ? [] : targets.filter((end) => !modules.names.some((name) => endsAs(name, end)));
  if (named.length === 0 || (strict && missed.length > 0))
    throw new ConfigError(`${where}: no module is named ${shown(missed.length > 0 ? missed[0] : targets)}`);
  const chosen = named.filter((name) => !isExcluded(name) && !isSaved(name) && inLayers(name));
  const other = chosen.find((name) => !modules.linears.has(name));
  if (other !== undefined) throw new ConfigError(`${where}: targetModules names ${other}, which is not a linear layer`);
  if (chosen.length === 0)
    throw new ConfigError(`${where}: every module that targetModules names is excluded or trained whole`);
  return chosen;
}

/** What tells which names a text or a list of ends means. */
function matcher(where: string, names: string | readonly string[], modules: Modules): (name: string) => boolean {
  if (typeof names !== "string") return (name) => names.some((end) => endsAs(name, end));
  if (isAllLinear(names)) return (name) => modules.linears.has(name) && !modules.outputs.includes(name);
  const pattern = wholePattern(where, names);
  return (name) => pattern.test(name);
}

function layerFilter(where: string, { layersToTransform, layersPattern }: Matching): (name: string) => boolean {
  const layers = numbersIn(layersToTransform);
  if (layers.length === 0) return () => true;
  const texts = textsIn(layersPattern);
  const patterns =
    texts.length === 0
      ? [/^.*?\.[^.]*\.(\d+)\./]
      : texts.map((text) => wholePattern(where, `(?:|.*?\\.)(?:${text})\\.(\\d+)\\..*`));
  return (name) => {
    const found = patterns.map((pattern) => pattern.exec(name)).find((match) => match !== null);
    return found !== undefined && layers.includes(Number(found!.at(-1)));
  };
}

/** The value of the first pattern that meets the end of a name; `otherwise` where none does. */
export function byPattern(
  where: string,
  patterns: Readonly<Record<string, number>>,
  name: string,
  otherwise: number,
): number {
  const found = Object.keys(patterns).find((pattern) => wholePattern(where, `(?:.*\\.)?(?:${pattern})`).test(name));
  return found === undefined ? otherwise : patterns[found]!;
}
