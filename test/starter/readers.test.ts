import { describe, expect, test } from "vitest";
import { documentation, golden, readers } from "./scripts.js";

describe("an archive", () => {
  test("lists files, sorted, without folders", async () => {
    const { names } = await golden("texts-1.0.0.tar.gz");
    expect(names).toEqual([...names].sort());
    expect(names).toContain("package/data/1946_new_d.txt");
    expect(names.filter((name) => !/\.\w+$/.test(name))).toEqual([]);
  });

  test("says which file it lacks", async () => {
    const archive = await golden("docs-1.0.0-py3-none-any.whl");
    await expect(archive.text("docs/circles.py")).rejects.toThrow(
      /docs-1\.0\.0-py3-none-any\.whl does not contain docs\/circles\.py/,
    );
  });
});

describe("WordNet", () => {
  test("definitions come before their examples, without the license", async () => {
    expect(await readers.definitions(await golden("wordnet-1.0.0.tar.gz"))).toEqual([
      "that which is perceived or known to have its own distinct existence",
      "a small animal that people keep at home",
      "the cat slept on the sofa",
      "she has a cat",
      "large genus of erect or climbing prickly shrubs including roses",
      "slices of bread that are spread with soft butter",
      "draw air into, and expel out of, the lungs",
      "I can breathe better when the air is clean",
      "having the necessary means or skill to do something",
      "able to swim",
      "by ordering items listed individually on a menu",
    ]);
  });

  test("phrases are words of two parts or more, without Latin names", async () => {
    const phrases = await readers.phrases(await golden("wordnet-1.0.0.tar.gz"));
    expect(phrases).toEqual(["house cat", "bread and butter", "a la carte"]);
  });
});

test("rated snippets are read from the tarball inside", async () => {
  const archive = await golden("snippets-1.0.0.tar.gz");
  expect(await readers.ratedSnippets(archive, "amazonReviewSnippets_GroundTruth.txt")).toEqual([
    { rating: 2.4, text: "I love this camera, it’s small & light." },
    { rating: -1.5, text: "The battery died after two days." },
    { rating: 0.2, text: "It came in a box." },
    { rating: -0.5, text: "the battery died after 2 days" },
  ]);
});

test("conversations give their messages, in their order", async () => {
  expect(await readers.chats(await golden("chats-1.0.0-py3-none-any.whl"))).toEqual([
    "Hello there, my friend",
    "I met Dr. Smith at the concert &amp; he was kind. He plays the violin well!",
    "haha",
    "hello there my friend!",
  ]);
});

test("dialogs are read in English alone", async () => {
  const dialogs = await readers.dialogs(await golden("chats-1.0.0-py3-none-any.whl"));
  expect(dialogs).toEqual(["Do you drink tea?", "Every day", "Why?"]);
});

test("addresses since a year, with paragraphs that touch each other apart", async () => {
  expect(await readers.addresses(await golden("texts-1.0.0.tar.gz"), { since: 1945 })).toEqual([
    "The war is over at last.",
    "We will now work for peace.",
    "Thank you.",
  ]);
});

test("chapters and countries are read from JSON, and other files are not", async () => {
  const archive = await golden("texts-1.0.0.tar.gz");
  const chapters = await readers.chapters(archive);
  expect(chapters).toEqual(["10", "End", "He left.", "Start", "She came.", "He was there."]);
  expect(await readers.countries(archive)).toEqual(["temperate", "cold winters", "warm summers"]);
});

describe("documentation", () => {
  test("docstrings give prose, without examples, headings and tests", async () => {
    expect(await documentation.docstrings(await golden("docs-1.0.0-py3-none-any.whl"))).toEqual([
      "Return the area of a shape that has been closed before.",
      "Open shapes raise the shapes.OpenError of this\n    module.",
    ]);
  });

  test("services give their paragraphs without tags", async () => {
    expect(await documentation.services(await golden("docs-1.0.0-py3-none-any.whl"))).toEqual([
      "Stores files for you &amp; your team.",
      "Deletes a file.",
      "It cannot be\n brought back later.",
    ]);
  });
});
