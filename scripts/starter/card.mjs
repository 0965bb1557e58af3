// The model card of the starter: what it is, how it was made, on what, and how good it is.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Count
 * @property {string} kind
 * @property {{ client?: string, name?: string, version?: string, license: string }} from
 * @property {number} kept lines of this kind in the text
 */

/**
 * Writes README.md into the package and into its model's folder.
 * @param {string} folder packages/starter-en, with `sources.json` and `scores.md`
 * @param {string} metricsFile what `distill` measured
 */
export function writeCard(folder, metricsFile) {
  const { lines, counts } = JSON.parse(readFileSync(join(folder, "sources.json"), "utf8"));
  const metrics = JSON.parse(readFileSync(metricsFile, "utf8"));
  const scores = readFileSync(join(folder, "scores.md"), "utf8");
  const card = cardOf({ lines, counts, metrics, scores });
  for (const file of ["README.md", "model/README.md"]) writeFileSync(join(folder, file), card);
}

/** @param {{ lines: number, counts: Count[], metrics: Record<string, any>, scores: string }} facts */
function cardOf({ lines, counts, metrics, scores }) {
  const { parameters, teacherParameters, steps, seconds, settings, split } = metrics;
  const rows = counts.map(
    ({ kind, from: { client, name, version, license }, kept }) =>
      `| ${kind} | ${name ? `${client}: ${name} ${version}` : "a file"} | ${license} | ${kept} |`,
  );
  return `---
library_name: transformers
pipeline_tag: sentence-similarity
language: en
license: apache-2.0
base_model: sentence-transformers/all-MiniLM-L6-v2
tags:
- roformer-js
- distilled
---

# roformer-starter-en

A RoFormer of ${settings.layers} layers × ${settings.width} for English texts, ${millions(parameters)} parameters, distilled from all-MiniLM-L6-v2
(Apache-2.0, ${millions(teacherParameters)} parameters). Trainings of the npm package \`roformer\` begin with it. Its vectors of sentences (mean of
the last states, length 1) are near its teacher's, and so is the state of its first token, which classifiers read.

\`\`\`sh
npm install roformer roformer-starter-en
npx roformer finetune --train train.csv --text text --label label --out model
\`\`\`

\`model/\` has the weights as bf16 and is a sentence-transformers folder, which Python loads as it is. \`int8/\` has them as int8, for pages:
\`import starter from "roformer-starter-en"\` gives the folder in Node and the addresses of the int8 files in a page.

## Scores

${scores.trim()}

## How it was made

\`npm run starter\` of the repository gathers the text, downloads the teacher, and distills: ${split.train} of ${lines} lines, ${steps} steps of
${settings.batchTokens} tokens, ${Math.round(seconds / 60)} minutes on one core, after the teacher's part. The student begins with layers
${settings.keepLayers.join(", ")} of the teacher and ${settings.vocabSize} entries of its vocabulary; rotary positions replace learned ones. The loss is the
cosine distance of the vectors, the same of the first token's state, and the relative error of the other tokens' states.

The text is English, part of it informal and some of it old. It has no rows of GLUE, of STS-B or of the sets above that were tested on.

| text | from | license | lines |
| --- | --- | --- | --: |
${rows.join("\n")}

## Limits

It knows English alone, learned from texts of at most ${settings.maxLength} tokens, and keeps what its teacher and its sources got wrong: conversations and posts
carry prejudices. Do not decide about people by it alone.
`;
}

/** @param {number} count */
const millions = (count) => `${(count / 1e6).toFixed(1)} million`;
