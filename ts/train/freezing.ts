import { ConfigError } from "../errors.js";

/** Names that an error lists. */
const LISTED = 10;

/**
 * Which parameters are trained if those are frozen whose names have one of `patterns` in them: `*` stands for anything. Errors:
 * ConfigError for a pattern that no name has, and for patterns that leave nothing to train.
 */
export function trainableBut(patterns: readonly string[], names: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const expression = new RegExp(pattern.split("*").map(escaped).join(".*"));
    if (names.some((name) => expression.test(name))) return expression;
    const some = names.slice(0, LISTED).join(", ");
    throw new ConfigError(`freeze: no parameter has ${JSON.stringify(pattern)} in its name; names are ${some}, …`);
  });
  const isTrained = (name: string) => !expressions.some((expression) => expression.test(name));
  if (!names.some(isTrained)) throw new ConfigError(`freeze: ${patterns.join(", ")} leave no parameter to train`);
  return isTrained;
}

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
