import { ConfigError } from "../errors.js";
import type { RoFormerConfig } from "./config.js";
import { labelNames } from "./labels.js";

/** Which labels a classifier gives a text, where that is not the most likely one. */
export interface Decision {
  /** Whether texts have any number of labels. */
  readonly several: boolean;
  /** The probability from which each label is given, by id. Of two classes only one has a threshold: below it, the other one is given. */
  readonly thresholds: readonly (number | undefined)[];
}

/** Whether a model's labels can have thresholds: several labels per text, or two classes. */
function decidable({ problem_type, ...config }: RoFormerConfig): "several" | "two" | undefined {
  if (problem_type === "multi_label_classification") return "several";
  return problem_type !== "regression" && labelNames(config as RoFormerConfig).length === 2 ? "two" : undefined;
}

/**
 * The thresholds of a model's labels: `asked` for each label, or for the positive one of two classes, else what `roformer_js.thresholds`
 * of the configuration says; undefined without both. The positive class is the one that the configuration names, else the second.
 * Errors: ConfigError, also for a model whose labels have no thresholds.
 */
export function decisionOf(where: string, config: RoFormerConfig, asked?: number): Decision | undefined {
  const saved = config.roformer_js?.thresholds;
  if (asked === undefined && saved === undefined) return undefined;
  if (asked !== undefined && !(typeof asked === "number" && asked >= 0 && asked <= 1))
    throw new ConfigError(`${where}: threshold is ${String(asked)}, not a number from 0 to 1`);
  const [names, kind] = [labelNames(config), decidable(config)];
  const field = asked === undefined ? "roformer_js.thresholds of config.json" : "threshold";
  if (!kind)
    throw new ConfigError(`${where}: ${field} is for two classes or several labels per text, not for this model`);
  const own = Object.keys(saved ?? {});
  const wrong = own.find((name) => !names.includes(name));
  if (wrong !== undefined || (kind === "two" && own.length > 1))
    throw new ConfigError(
      `${where}: roformer_js.thresholds of config.json names ${own.map((name) => JSON.stringify(name)).join(", ")}; expected ` +
        `${kind === "two" ? "one" : "some"} of ${names.join(", ")}`,
    );
  if (kind === "several") return { several: true, thresholds: names.map((name) => asked ?? saved?.[name] ?? 0.5) };
  const positive = own[0] ?? names[1];
  return {
    several: false,
    thresholds: names.map((name) => (name === positive ? (asked ?? saved![name]) : undefined)),
  };
}

/** The probability of a label by its logits: by the sigmoid if texts have several labels, else by softmax over two classes. */
export const probabilityOf = (logits: ArrayLike<number>, id: number, several: boolean): number =>
  1 / (1 + Math.exp(several ? -logits[id]! : logits[1 - id]! - logits[id]!));

/** The ids of the labels that a text is given: any number of several labels, one of two classes. */
export function decide({ several, thresholds }: Decision, logits: ArrayLike<number>): number[] {
  const reaches = (id: number) => probabilityOf(logits, id, several) >= thresholds[id]!;
  if (several) return [...thresholds.keys()].filter(reaches);
  const positive = thresholds.findIndex((one) => one !== undefined);
  return [reaches(positive) ? positive : 1 - positive];
}

/** Sets or removes the thresholds of a configuration. */
export function setThresholds(config: RoFormerConfig, thresholds?: Readonly<Record<string, number>>): void {
  const { thresholds: before, ...others } = config.roformer_js ?? {};
  if (before === undefined && thresholds === undefined) return;
  const all = { ...others, ...(thresholds && { thresholds: { ...thresholds } }) };
  if (Object.keys(all).length > 0) config.roformer_js = all;
  else delete config.roformer_js;
}
