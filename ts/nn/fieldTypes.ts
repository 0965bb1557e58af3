import * as v from "valibot";
import { type ActivationName, activations } from "../ops/activation.js";

// What fields of configurations can be. The messages go on after "… is X, not".

/** A whole number within bounds. */
export const whole = (least: number, most: number) => {
  const message = `a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
};

/** A number from 0 to 1. */
export const probability = v.pipe(
  v.number("a number from 0 to 1"),
  v.minValue(0, "a number from 0 to 1"),
  v.maxValue(1, "a number from 0 to 1"),
);

/** A number ≥ 0. */
export const notNegative = v.pipe(v.number("a number ≥ 0"), v.finite("a number ≥ 0"), v.minValue(0, "a number ≥ 0"));

/** What Python takes for true or false: old releases of transformers, and programs around it, write null, 0 and 1. */
export const flag = v.pipe(
  v.custom<boolean | null>((value) => [true, false, null, 0, 1].includes(value as never), "true or false"),
  v.transform((value): boolean => Boolean(value)),
);

/** One of several names. */
export const oneOf = <T extends string>(names: readonly T[]) => v.picklist(names, `one of ${names.join(", ")}`);

/** The name of an activation. */
export const activation = oneOf(Object.keys(activations) as ActivationName[]);
