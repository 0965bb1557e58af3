import { expect, it } from "vitest";
import { DISTILL_SETTINGS } from "../../ts/train/settings/distill.js";
import { OPTIMIZATION } from "../../ts/train/settings/optimization.js";
import type { Setting } from "../../ts/train/settings/rules.js";
import { guides } from "./blocks.js";

it("distillation.md has every option as the table of settings has it, and no other", () => {
  const rows = [...guides["distillation.md"]!.matchAll(/^\| `(\w+)` +\| ([^|]*?) +\| ([^|]*?) +\|$/gm)].map(
    ([, name, help, value]) => [name, help, value],
  );
  const own = Object.entries<Setting>(DISTILL_SETTINGS).filter(([name]) => name === "lr" || !(name in OPTIMIZATION));
  const want = own.map(([name, { help, usually, default: value }]) => [
    ...[name, help, usually ?? (typeof value === "string" ? JSON.stringify(value) : String(value))],
  ]);
  expect(rows.sort()).toEqual(want.sort());
});
