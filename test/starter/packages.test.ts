import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fetchPackage, mailTexts, type Package, pathOf, wikiText } from "./scripts.js";

const WORDNET = pathOf("wordnet-1.0.0.tar.gz");
const CHATS = pathOf("chats-1.0.0-py3-none-any.whl");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "starter-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const integrityOf = (file: string, algorithm: string) =>
  `${algorithm}-${createHash(algorithm).update(readFileSync(file)).digest("base64")}`;

/** Puts a program in the place of npm that writes its arguments down and copies `archive` into the folder that they name. */
function standInForNpm(archive: string) {
  const script = join(folder, "bin/npm-cli.js");
  mkdirSync(join(folder, "bin"));
  writeFileSync(
    script,
    `const { copyFileSync, writeFileSync } = require("node:fs");
    const args = process.argv.slice(2);
    writeFileSync(${JSON.stringify(join(folder, "args.json"))}, JSON.stringify(args));
    copyFileSync(${JSON.stringify(archive)}, args[args.indexOf("--pack-destination") + 1] + "/animals-1.0.0.tgz");`,
  );
  vi.stubEnv("npm_execpath", script);
}

const words = (integrity: string): Package => ({ client: "npm", name: "@animals/words", version: "1.0.0", integrity });

describe("a package of npm", () => {
  test("is downloaded once, at its version, without its scripts", () => {
    standInForNpm(WORDNET);
    const source = words(integrityOf(WORDNET, "sha512"));
    const file = fetchPackage(source, join(folder, "packages"));
    expect(readFileSync(file)).toEqual(readFileSync(WORDNET));
    const args = JSON.parse(readFileSync(join(folder, "args.json"), "utf8"));
    expect(args.slice(0, 2)).toEqual(["pack", "@animals/words@1.0.0"]);
    expect(args).toContain("--ignore-scripts");
    vi.stubEnv("npm_execpath", "");
    rmSync(join(folder, "args.json"));
    expect(fetchPackage(source, join(folder, "packages"))).toBe(file);
    expect(readdirSync(join(folder, "packages"))).toEqual([basename(file)]);
  });

  test("that is another one is refused, when it comes and when it is kept", () => {
    standInForNpm(WORDNET);
    const wrong = words(integrityOf(CHATS, "sha512"));
    const refusal = /its sha512 is \S+==, not \S+== of @animals\/words 1\.0\.0/;
    expect(() => fetchPackage(wrong, join(folder, "packages"))).toThrow(refusal);
    expect(readdirSync(join(folder, "packages"))).toEqual([]);
    const file = fetchPackage(words(integrityOf(WORDNET, "sha512")), join(folder, "packages"));
    copyFileSync(CHATS, file);
    expect(() => fetchPackage(words(integrityOf(WORDNET, "sha512")), join(folder, "packages"))).toThrow(refusal);
  });

  test("that does not come is named with npm's message", () => {
    standInForNpm(join(folder, "nowhere.tgz"));
    expect(() => fetchPackage(words("sha256-AA=="), join(folder, "packages"))).toThrow(
      /nowhere\.tgz.*@animals\/words 1\.0\.0 could not be downloaded/s,
    );
  });
});

test.skipIf(process.platform === "win32")("pip gets the hash, to check it before it runs anything", () => {
  const python = join(folder, "bin/python3");
  mkdirSync(join(folder, "bin"));
  writeFileSync(
    python,
    `#!${process.execPath}
    const { copyFileSync, readFileSync, writeFileSync } = require("node:fs");
    const args = process.argv.slice(2);
    const list = readFileSync(args[args.indexOf("--requirement") + 1], "utf8");
    writeFileSync(${JSON.stringify(join(folder, "args.json"))}, JSON.stringify({ args, list }));
    copyFileSync(${JSON.stringify(CHATS)}, args[args.indexOf("--dest") + 1] + "/chats-1.0.0-py3-none-any.whl");`,
  );
  chmodSync(python, 0o755);
  vi.stubEnv("PATH", `${join(folder, "bin")}${delimiter}${process.env.PATH}`);
  const integrity = integrityOf(CHATS, "sha256");
  const file = fetchPackage({ client: "pip", name: "chats", version: "1.0.0", integrity }, join(folder, "packages"));
  expect(readFileSync(file)).toEqual(readFileSync(CHATS));
  const { args, list } = JSON.parse(readFileSync(join(folder, "args.json"), "utf8"));
  const hex = createHash("sha256").update(readFileSync(CHATS)).digest("hex");
  expect(list).toBe(`chats==1.0.0 --hash=sha256:${hex}\n`);
  expect(args).toEqual(expect.arrayContaining(["-m", "pip", "download", "--no-deps", "--only-binary"]));
});

test("mails are read by part", () => {
  writeFileSync(join(folder, "train.jsonl"), '{"text":"Hi\\nall","label":"ham"}\n{"text":"Buy","label":"spam"}\n');
  expect(mailTexts(folder, "train")).toEqual(["Hi\nall", "Buy"]);
});

test("WikiText is joined as people write it, without headings and unknown words", () => {
  const file = join(folder, "wiki.raw");
  writeFileSync(
    file,
    ' \n = Lobster = \n \n The well @-@ known lobster ( 24 in ) weighs 1 @,@ 500 g , or " much " , and it \'s blue . \n' +
      " = = Size = = \n It is <unk> . \n They did n't say . \n",
  );
  expect(wikiText(file).map((line) => line.trim())).toEqual([
    'The well-known lobster (24 in) weighs 1,500 g, or "much", and it\'s blue.',
    "They didn't say.",
  ]);
});
