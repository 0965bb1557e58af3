import type { HeadName, RoFormerConfigInput } from "../../../ts/index.js";
import { Philox } from "../../../ts/random/philox.js";
import { smallModel } from "../../pipelines/models.js";

const WORDS = [
  "the",
  "cat",
  "sat",
  "on",
  "a",
  "mat",
  "dog",
  "ran",
  "far",
  "farther",
  "in",
  "paris",
  "anna",
  "who",
  "?",
];

/** Different sentences of the words of small models. */
export function sentences(count: number, seed = 1): string[] {
  const random = new Philox(seed, 0);
  const found = new Set<string>();
  while (found.size < count)
    found.add(Array.from({ length: 3 + random.below(6) }, () => WORDS[random.below(WORDS.length)]).join(" "));
  return [...found];
}

/** A text file of lines. */
export const textFile = (lines: readonly string[], name = "texts.txt") => ({
  name,
  bytes: new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")),
});

/** The files of a teacher with random weights. */
export async function teacherFiles(
  head: HeadName = "base",
  change: RoFormerConfigInput = {},
): Promise<Map<string, Blob>> {
  using model = await smallModel(head, {
    model_type: "bert",
    num_hidden_layers: 3,
    max_position_embeddings: 40,
    ...change,
  });
  return model.files();
}

/** Settings of a run of a second or less. */
export const SHORT = { epochs: 3, batchTokens: 64, evalEvery: 1000, lr: 3e-3, maxLength: 16 } as const;
