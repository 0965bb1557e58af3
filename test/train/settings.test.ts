import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ARCHITECTURE } from "../../ts/train/settings/architecture.js";
import { DISTILL_SETTINGS } from "../../ts/train/settings/distill.js";
import { FINETUNE_SETTINGS, freshRate } from "../../ts/train/settings/finetune.js";
import { LOSS } from "../../ts/train/settings/loss.js";
import { OPTIMIZATION } from "../../ts/train/settings/optimization.js";
import { PRETRAIN_SETTINGS } from "../../ts/train/settings/pretrain.js";
import type { Setting } from "../../ts/train/settings/rules.js";
import { ROOT, roformer } from "../process.js";

type Table = Readonly<Record<string, Setting>>;

/** The documentation of the fields of a file's interfaces: text and default. */
function documented(file: string): Map<string, { text: string; default: string | undefined }> {
  const path = join(ROOT, "ts/train/settings", file);
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  const found = new Map<string, { text: string; default: string | undefined }>();
  const visit = (node: ts.Node) => {
    if (ts.isPropertySignature(node) && !found.has(node.name.getText())) {
      const [doc] = ts.getJSDocCommentsAndTags(node) as ts.JSDoc[];
      const tag = doc?.tags?.find(({ tagName }) => tagName.text === "default");
      const text = ts.getTextOfJSDocComment(doc?.comment) ?? "";
      found.set(node.name.getText(), { text, default: tag && ts.getTextOfJSDocComment(tag.comment) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe.each<[string, Table, Table]>([
  ["architecture.ts", ARCHITECTURE, {}],
  ["optimization.ts", OPTIMIZATION, {}],
  ["loss.ts", LOSS, {}],
  ["finetune.ts", FINETUNE_SETTINGS, { ...ARCHITECTURE, ...OPTIMIZATION, ...LOSS }],
  ["distill.ts", DISTILL_SETTINGS, OPTIMIZATION],
  ["pretrain.ts", PRETRAIN_SETTINGS, { ...ARCHITECTURE, ...OPTIMIZATION }],
])("the settings of %s", (file, table, inherited) => {
  const docs = documented(file);
  const own = Object.keys(table).filter((name) => !Object.hasOwn(inherited, name));

  it.each(own)("%s is documented as its flag is", (name) => {
    const { help, usually, default: value } = table[name]!;
    const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
    expect(docs.get(name)).toEqual({ text: `${help}.`, default: usually ?? shown });
  });
});

it.each<[string, Table]>([
  ["finetune", FINETUNE_SETTINGS],
  ["distill", DISTILL_SETTINGS],
  ["pretrain", PRETRAIN_SETTINGS],
])("%s has a flag for each setting", async (command, table) => {
  const { stdout } = await roformer([command, "--help"]);
  for (const name of Object.keys(table)) {
    const flag = `--(no-)?${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    expect(stdout).toMatch(new RegExp(`^ {2}${flag}\\b`, "m"));
  }
});

it("the usual rate of fresh weights falls with the root of the length, from 64 tokens on", () => {
  expect([16, 64, 128, 256, 1024].map(freshRate)).toEqual([1e-3, 1e-3, 7.1e-4, 5e-4, 2.5e-4]);
});
