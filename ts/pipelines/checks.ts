import { ConfigError, DataError, ShapeError } from "../errors.js";
import type { Model } from "../models/model.js";
import type { HeadName } from "../nn/heads/index.js";
import type { ReadyModel } from "./pipeline.js";

/** Checks that a model has a tokenizer and one of `heads`, and returns it. Errors: ConfigError. */
export function readyModel(what: string, model: Model, heads: readonly HeadName[] | undefined): ReadyModel {
  if (heads && !heads.includes(model.head))
    throw new ConfigError(`${what} needs a model with the head "${heads.join('" or "')}", not "${model.head}"`);
  if (!model.tokenizer) throw new ConfigError(`${what} needs a tokenizer, and the model has none`);
  return model as ReadyModel;
}

/** Checks that `texts` is a list of strings, and returns it. */
export function checkTexts(what: string, texts: unknown): readonly string[] {
  if (!Array.isArray(texts)) throw new ShapeError(`${what}: texts`, String(texts), "a text or a list of texts");
  const wrong = texts.findIndex((text) => typeof text !== "string");
  if (wrong >= 0) throw new DataError(`${what}: texts[${wrong}] is ${typeof texts[wrong]}, not a text`);
  return texts;
}

/** Checks that `k` is a positive integer, and returns it. */
export function checkCount(what: string, name: string, k: unknown): number {
  if (!Number.isInteger(k) || (k as number) < 1)
    throw new ConfigError(`${what}: ${name} is ${String(k)}, not a whole number from 1`);
  return k as number;
}

/** The name of an item in errors: the caller's, or its index. */
export const placeNames =
  (what: string, list: string, where?: (index: number) => string) =>
  (index: number): string =>
    where?.(index) ?? `${what}: ${list}[${index}]`;
