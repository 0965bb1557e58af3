import { describe, expect, it } from "vitest";
import { blocks, filesOf } from "./blocks.js";
import { ISOLATION } from "./site.js";

/** `name: value`, `name value` or `name "value"` on a line, however a host writes it. */
const inText = (text: string): [string, string][] =>
  [...text.matchAll(/^(?!\s*#).*?\b(Cross-Origin-[\w-]+):? "?([\w-]+)"?/gm)].map(([, name, value]) => [name!, value!]);

/** Everything called `{ key, value }` in JSON. */
function inJson(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  const { key, value: text } = value as { key?: string; value?: string };
  return key !== undefined ? [[key, text!]] : Object.values(value).flatMap(inJson);
}

describe("headers that allow threads", () => {
  it.each([...filesOf("hosts")])("%s sets both", (name, text) => {
    const found = name.endsWith(".json") ? inJson(JSON.parse(text)) : inText(text);
    expect(Object.fromEntries(found)).toEqual(ISOLATION);
    expect(found).toHaveLength(2);
  });

  it("are what browser.md says", () => {
    const lines = blocks.filter(
      ({ language, notes, code }) => language === "text" && !notes.file && inText(code).length > 0,
    );
    expect(lines).toHaveLength(1);
    expect(Object.fromEntries(inText(lines[0]!.code))).toEqual(ISOLATION);
  });
});
