// Gathers the text that the starter is distilled on, and the labelled sets that it is measured on.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "csv-stringify/sync";
import { ROOT } from "../processes.mjs";
import { runMain, say } from "../say.mjs";
import { openArchive } from "./archive.mjs";
import { mailTexts, wikiText } from "./files.mjs";
import { gather, textOf } from "./gather.mjs";
import { fetchPackage } from "./packages.mjs";
import { SETS, splitRows } from "./sets.mjs";
import { SOURCES } from "./sources.mjs";

/** @typedef {(source: import("./packages.mjs").Package) => Promise<import("./archive.mjs").Archive>} Open */

const HELP = `Usage: node scripts/starter/text.mjs [options]

Writes text.txt (a sentence or phrase per line), sources.json (packages, licenses, counts) and the labelled sets
sets/NAME/{train,test}.csv. No line of the text stands in a test row.

  --out DIR        where to write. Default: target/starter
  --packages DIR   where downloaded packages are kept. Default: packages in --out
  --mails DIR      examples/spam/data, which npm start makes: adds its training mails, holds the others out
  --wikitext FILE  adds WikiText (raw)
  --help           prints this text`;

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(ROOT, "target/starter") },
      packages: { type: "string" },
      mails: { type: "string" },
      wikitext: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) say(HELP);
  else await write(values);
  return 0;
});

/** @param {{ out: string, packages?: string, mails?: string, wikitext?: string }} options */
async function write({ out, packages = join(out, "packages"), mails, wikitext }) {
  /** @type {Open} */
  const open = (source) => openArchive(fetchPackage(source, packages));
  const heldOut = await writeSets(join(out, "sets"), open);
  if (mails) heldOut.push(...mailTexts(mails, "valid"), ...mailTexts(mails, "test"));
  const given = [
    ...(mails ? [{ kind: "mails", license: "CC0-1.0", paragraphs: mailTexts(mails, "train") }] : []),
    ...(wikitext ? [{ kind: "encyclopedia", license: "CC-BY-SA-3.0", paragraphs: wikiText(wikitext) }] : []),
  ];
  const { lines, ...report } = await gather({ sources: SOURCES, open, given, heldOut });
  save(join(out, "text.txt"), textOf(lines));
  save(join(out, "sources.json"), `${JSON.stringify({ lines: lines.length, ...report }, null, 2)}\n`);
  for (const { kind, kept, found } of report.counts) say(`${String(kept).padStart(8)} of ${found} ${kind}`);
  say(`${String(lines.length).padStart(8)} lines in ${join(out, "text.txt")}`);
}

/**
 * @param {string} folder
 * @param {Open} open
 * @returns {Promise<string[]>} the texts of the test rows
 */
async function writeSets(folder, open) {
  /** @type {string[]} */
  const texts = [];
  for (const { name, source, read } of SETS) {
    const { train, test } = splitRows(await read(await open(source)));
    save(join(folder, name, "train.csv"), stringify(train, { header: true, columns: ["text", "label"] }));
    save(join(folder, name, "test.csv"), stringify(test, { header: true, columns: ["text", "label"] }));
    say(`${String(train.length).padStart(8)} training rows of ${name}, ${test.length} test rows`);
    for (const { text } of test) texts.push(text);
  }
  return texts;
}

/**
 * Writes beside and renames, so that a file that is there is complete.
 * @param {string} file
 * @param {string} content
 */
function save(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, content);
  renameSync(`${file}.part`, file);
}
