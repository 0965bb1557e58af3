import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ROOT } from "../process.js";
import { guides } from "./blocks.js";

const rows = [...guides["browser.md"]!.matchAll(/^\| `(dist\/[^`]+)`[^|]*\| (\d+) KB +\| (\d+) KB/gm)];

describe("sizes in browser.md", () => {
  it("are there", () => expect(rows).toHaveLength(5));

  it.each(rows.map(([, file, bytes, zipped]) => [file!, Number(bytes), Number(zipped)] as const))(
    "%s has %i KB, %i as gzip, within a tenth",
    (file, bytes, zipped) => {
      const content = readFileSync(join(ROOT, file));
      expect(Math.abs(content.length / 1000 / bytes - 1)).toBeLessThan(0.05);
      expect(Math.abs(gzipSync(content, { level: 9 }).length / 1000 / zipped - 1)).toBeLessThan(0.05);
    },
  );
});
