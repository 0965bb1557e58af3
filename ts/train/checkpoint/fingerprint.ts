import { ConfigError, DataError } from "../../errors.js";
import { hashOf, hashOfText } from "../../io/hashes.js";
import type { Model } from "../../models/model.js";
import type { RunRecord } from "../record.js";
import { bytesOf } from "./hash.js";

/** What a run follows from, but for the values of what it trains: two runs with the same one take the same steps. */
export interface Fingerprint {
  readonly seed: number;
  /** The version of this package. */
  readonly version: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Hashes of the data, by its parts. */
  readonly data: Readonly<Record<string, string>>;
  /** What the model is, beside the parameters that are trained: hashes by what they are of. */
  readonly model: Readonly<Record<string, string>>;
}

/** Settings that do not change the result. */
const FREE = ["recompute", "bagOfWords"];
/** Settings that say how long a run is, which is compared by its learning rates. */
const LENGTH = ["steps", "epochs", "tokens"];
/** Settings whose defaults follow from the data. */
const DERIVED = ["batch", "evalEvery", "lr", "maxLength", "vocabSize"];

/** The fingerprint of a run. */
export async function fingerprintOf(
  { seed, version, settings }: RunRecord,
  data: Readonly<Record<string, string>>,
  model: Model,
): Promise<Fingerprint> {
  return { seed, version, settings, data, model: await hashesOf(model) };
}

async function hashesOf({ config, lora, store }: Model): Promise<Readonly<Record<string, string>>> {
  const text = (value: unknown) => hashOfText(JSON.stringify(value));
  const frozen = store.parameters.filter(({ requiresGrad }) => !requiresGrad);
  return {
    configuration: await text(config),
    ...(lora && { adapter: await text(lora.settings) }),
    ...(frozen.length > 0 && { "frozen weights": await hashOf(bytesIn(frozen)) }),
  };
}

function* bytesIn(parameters: readonly { read(): Float32Array }[]): Generator<Uint8Array> {
  for (const parameter of parameters) yield bytesOf(parameter.read());
}

/**
 * Refuses to go on with a run that is another one. `checkpoint`: its name in messages. Errors: ConfigError that names the setting, DataError
 * that names the data or what the model has of its own.
 */
export function requireSame(checkpoint: string, saved: Fingerprint, now: Fingerprint): void {
  const advice = "go on with what it began with, or name another output folder";
  const names = new Set([...Object.keys(saved.settings), ...Object.keys(now.settings)]);
  for (const name of [...FREE, ...LENGTH]) names.delete(name);
  const [own, other] = [withSeed(now), withSeed(saved)];
  const changed = ["seed", ...names].find((name) => shown(own[name]) !== shown(other[name]));
  // A default that follows from the data is not what changed.
  const isConsequence =
    changed !== undefined && DERIVED.includes(changed) && differing(saved.data, now.data) !== undefined;
  if (changed !== undefined && !isConsequence)
    throw new ConfigError(
      `resume: ${changed} is ${shown(own[changed])}, and ${checkpoint} was made ` +
        `${other[changed] === undefined ? "without it" : `with ${shown(other[changed])}`}: ${advice}`,
    );
  for (const part of ["data", "model"] as const) {
    const found = differing(saved[part], now[part]);
    if (found === undefined) continue;
    const what =
      part === "data" ? `the ${found} data differs from that of` : `the model's ${found} differs from that of`;
    throw new DataError(`resume: ${what} ${checkpoint}: ${advice}`);
  }
}

const withSeed = ({ seed, settings }: Fingerprint): Readonly<Record<string, unknown>> => ({ ...settings, seed });

const shown = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));

const differing = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): string | undefined =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].find((name) => a[name] !== b[name]);
