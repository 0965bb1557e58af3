import { expect, test } from "vitest";
import { golden, SETS } from "./scripts.js";

const read = async (name: string, archive: string) =>
  SETS.find((set) => set.name === name)!.read(await golden(archive));

test("reviews are positive or negative; what is near 0 is left out", async () => {
  expect(await read("reviews", "snippets-1.0.0.tar.gz")).toEqual([
    { text: "I love this camera, it’s small & light.", label: "positive" },
    { text: "The battery died after two days.", label: "negative" },
    { text: "the battery died after 2 days", label: "negative" },
  ]);
});

test("definitions of nouns have their topics as labels; vague topics are left out", async () => {
  expect(await read("definitions", "wordnet-1.0.0.tar.gz")).toEqual([
    { text: "a small animal that people keep at home", label: "animal" },
    { text: "slices of bread that are spread with soft butter", label: "food" },
    { text: "large genus of erect or climbing prickly shrubs including roses", label: "plant" },
  ]);
});
