import { ConfigError } from "../errors.js";

/** What a numeric setting may be. */
interface Rule {
  readonly want: string;
  readonly fits: (n: number) => boolean;
}

const whole = (least: number): Rule => ({
  want: `a whole number of at least ${least}`,
  fits: (n) => Number.isSafeInteger(n) && n >= least,
});
const positive: Rule = { want: "a positive number", fits: (n) => n > 0 };
const notNegative: Rule = { want: "a number of at least 0", fits: (n) => n >= 0 };
const share: Rule = { want: "a number from 0 to 1", fits: (n) => n >= 0 && n <= 1 };
const rate: Rule = { want: "a number from 0 to below 1", fits: (n) => n >= 0 && n < 1 };

/** Settings of training runs that are numbers. */
const RULES: Readonly<Record<string, Rule>> = {
  ...{ layers: whole(1), width: whole(1), heads: whole(1), ffn: whole(1), numRandomFeatures: whole(1) },
  ...{ epochs: whole(1), steps: whole(1), batch: whole(1), evalEvery: whole(1), featureRedrawInterval: whole(1) },
  ...{ vocabSize: whole(8), maxLength: whole(3), lr: positive, maxGradNorm: positive, weightDecay: notNegative },
  ...{ warmup: share, dropout: rate, maskRate: rate },
  seed: { ...whole(0), want: "a whole number from 0 to 2^53 − 1" },
};

/**
 * Checks all numeric settings that are given. Errors: ConfigError that names the setting, what it is and what it must be; for a
 * number given as text, that it is a string.
 */
export function checkNumbers(where: string, given: object): void {
  for (const [name, { want, fits }] of Object.entries(RULES)) {
    const value = (given as Readonly<Record<string, unknown>>)[name] ?? undefined;
    if (value === undefined || (typeof value === "number" && Number.isFinite(value) && fits(value))) continue;
    const is = typeof value === "string" ? `${JSON.stringify(value)}, a string` : String(value);
    throw new ConfigError(`${where}${name} is ${is}, not ${want}`);
  }
  const { recompute = false } = given as { recompute?: unknown };
  if (typeof recompute !== "boolean")
    throw new ConfigError(`${where}recompute is ${JSON.stringify(recompute)}, not true or false`);
}
