import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { identityOf, kept } from "../../../ts/train/compare/sources.js";
import { readTexts } from "../../../ts/train/examples.js";
import { temporaryFolder } from "../../process.js";

const [english, german] = ["A dog.\nlast\n", "Ein Hund.\nletzte\n"];
const stream = (name: string, text: string) => ({
  name,
  bytes: (async function* () {
    yield new TextEncoder().encode(text);
  })(),
});
const files = (source: string, target: string) => ({ source: stream("t.en", source), target: stream("t.de", target) });

test("two parallel files are what they contain, wherever they are", async () => {
  const folder = temporaryFolder();
  const [source, target] = [join(folder, "a"), join(folder, "b")];
  writeFileSync(source, english);
  writeFileSync(target, german);
  const identity = await identityOf({ train: { source, target }, epochs: 1 });
  expect(await identityOf({ train: files(english, german), epochs: 1 })).toEqual(identity);
  expect(await identityOf({ train: files(german, english), epochs: 1 })).not.toEqual(identity);
  expect(await identityOf({ train: files(english, `${german}x`), epochs: 1 })).not.toEqual(identity);
});

test("two parallel files that can be read once are kept for several runs", async () => {
  const { train } = await kept({ train: files(english, german) });
  for (let run = 0; run < 2; run++) {
    const rows = await readTexts(train, { texts: ["source", "target"], others: [] }, "train");
    expect(rows.map(({ values }) => values)).toEqual([
      { source: "A dog.", target: "Ein Hund." },
      { source: "last", target: "letzte" },
    ]);
  }
});
