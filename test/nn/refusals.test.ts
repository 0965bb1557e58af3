import { expect, it } from "vitest";
import { ConfigError, ShapeError } from "../../ts/errors.js";
import { activation, linear, pack, scope, tensor } from "../../ts/nn/index.js";

it("an activation that is none is refused, not taken for the identity", () => {
  scope(() => {
    const x = tensor([1, 2], [1, 2]);
    expect(() => activation(x, "geluu" as "gelu")).toThrow(ConfigError);
    expect(() => linear(x, x, undefined, "toString" as "gelu")).toThrow(
      'activation is "toString", not one of linear, gelu,',
    );
  });
});

it("token types that do not fit their sequences are refused", () => {
  expect(() => pack([[1, 2], [3]], [[0, 0]])).toThrow(ShapeError);
  expect(() => pack([[1, 2], [3]], [[0, 0, 1], [0]])).toThrow("pack: length of types[0] is 3, not 2, its sequence's");
  expect([...pack([[1, 2], [3]], [[0, 1], [1]]).types]).toEqual([0, 1, 1]);
});
