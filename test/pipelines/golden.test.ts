import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type AnswerOptions, RoFormer, type TagTokensOptions } from "../../ts/index.js";
import { golden } from "../golden.js";

interface Cases {
  readonly answer: { question: string; context: string; options: AnswerOptions; answers: unknown[][] }[];
  readonly tags: { text: string; options: TagTokensOptions; tags: unknown[][] }[];
}

const folder = new URL("../golden/pipelines/", import.meta.url);
const kinds = readdirSync(folder);

/** A kind's tokenizer with one of its two models. */
function load(kind: string, model: "answer" | "tags"): Promise<RoFormer> {
  const names = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"];
  const paths = [...names, `${model}/config.json`, `${model}/model.safetensors`];
  const files = paths.map((path): [string, Blob] => [
    path.split("/").at(-1)!,
    new Blob([readFileSync(new URL(`${kind}/${path}`, folder))]),
  ]);
  return RoFormer.load(new Map(files));
}

/** `[text, score, …]` of results; the scores apart, to be compared within a tolerance. */
const apart = (rows: readonly unknown[][]) => ({
  exact: rows.map((row) => row.filter((_, i) => i !== 1)),
  scores: rows.map((row) => row[1] as number),
});

function expectRows(got: unknown[][], want: unknown[][], what: string): void {
  const [found, wanted] = [apart(got), apart(want)];
  expect(found.exact, what).toEqual(wanted.exact);
  for (const [i, score] of wanted.scores.entries())
    expect(Math.abs(found.scores[i]! - score), `${what}: score ${i}, ${score}`).toBeLessThan(1e-5);
}

describe.each(kinds)("%s", (kind) => {
  const cases = golden<Cases>(`pipelines/${kind}/cases.json`);

  it(`answers as transformers does, ${cases.answer.length} times`, async () => {
    const model = await load(kind, "answer");
    for (const { question, context, options, answers } of cases.answer) {
      const [found] = await model.answer([{ question, context }], options);
      const rows = found!.map(({ answer, score, start, end }) => [answer, score, start, end]);
      expectRows(rows, answers, JSON.stringify([question, context.slice(0, 30), options]));
    }
    model.close();
  });

  it.skipIf(cases.tags.length === 0)(`tags tokens as transformers does, ${cases.tags.length} times`, async () => {
    const model = await load(kind, "tags");
    for (const { text, options, tags } of cases.tags) {
      const [found] = await model.tagTokens([text], options);
      const isSingle = (options.aggregation ?? "none") === "none";
      const rows = found!.map(({ label, score, word, start, end, index }) => [
        ...[label, score, word, start, end],
        ...(isSingle ? [index] : []),
      ]);
      expectRows(rows, tags, JSON.stringify([text.slice(0, 30), options]));
    }
    model.close();
  });
});

it("covers what tokenizers do", () => {
  const all = kinds.map((kind) => golden<Cases>(`pipelines/${kind}/cases.json`));
  expect(all.reduce((sum, { answer }) => sum + answer.length, 0)).toBeGreaterThan(150);
  expect(all.reduce((sum, { tags }) => sum + tags.length, 0)).toBeGreaterThan(200);
});
