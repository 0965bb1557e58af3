import { describe, expect, it } from "vitest";
import { FINETUNE_SETTINGS } from "../../ts/train/settings/finetune.js";
import type { Setting } from "../../ts/train/settings/rules.js";
import { TASKS } from "../../ts/train/tasks/index.js";
import { guides } from "./blocks.js";

const guide = guides["training.md"]!;

describe("training.md", () => {
  it("has every option as the table of settings has it, and no other", () => {
    const rows = [...guide.matchAll(/^\| `(\w+)` +\| ([^|]*?) +\| ([^|]*?) +\|$/gm)].map(([, name, help, value]) => [
      name,
      help,
      value,
    ]);
    const want = Object.entries<Setting>(FINETUNE_SETTINGS).map(([name, { help, usually, default: value }]) => [
      ...[name, help, usually ?? (typeof value === "string" ? JSON.stringify(value) : String(value))],
    ]);
    expect(rows).toEqual(want);
  });

  it("has every task", () => {
    const tasks = [...guide.matchAll(/^\| `(\w+)` +\|(?:[^|]*\|){3}$/gm)].map(([, name]) => name);
    expect(tasks).toEqual(TASKS);
  });
});
