import { describe, expect, test } from "vitest";
import { cleanLines, keyOf, sentencesOf, tidy } from "./scripts.js";

const clean = (paragraphs: string[], { least = 3, most = 8, seen = new Set<string>() } = {}) =>
  cleanLines(paragraphs, { seen, isHeldOut: (key) => key === keyOf("This is held out."), least, most });

test("a tidy text is one line without entities and invisible characters", () => {
  expect(tidy("  Salt &amp; pep\u00adper\u200b,\r\n\tcafe\u0301 &#39;n&#39; tea\u0007 ")).toBe(
    "Salt & pepper, caf\u00e9 'n' tea",
  );
});

test("sentences do not end at titles and initials", () => {
  expect(sentencesOf("I met Dr. Smith and J. R. Ewing. They were kind!\nWhy?")).toEqual([
    "I met Dr. Smith and J. R. Ewing.",
    "They were kind!",
    "Why?",
  ]);
  expect(sentencesOf("This is Mr.")).toEqual(["This is Mr."]);
  expect(sentencesOf(" \n ")).toEqual([]);
});

describe("cleaning", () => {
  test("keeps lines of the given number of words", () => {
    const lines = [
      "Two words.",
      "There are three.",
      "One two three four five six and eight.",
      "The nine of us went to the sea by car.",
    ];
    expect(clean(lines)).toEqual(["There are three.", "One two three four five six and eight."]);
  });

  test("keeps one of lines that differ in case, digits, signs and white space alone", () => {
    expect(clean(["It was 10 o'clock.", "it  was 11 o’clock!", "It was ten o'clock."])).toEqual([
      "It was 10 o'clock.",
      "It was ten o'clock.",
    ]);
    expect(keyOf("It was 10 o'clock.")).toBe(keyOf("it was 11 o’clock!"));
  });

  test("leaves out what was seen before, and remembers what it found", () => {
    const seen = new Set([keyOf("This was seen before.")]);
    expect(clean(["This was seen before. This is held out. This was not."], { seen })).toEqual(["This was not."]);
    expect(clean(["This was not."], { seen })).toEqual([]);
  });

  test.each([
    ["addresses", "See www.example.org for the rest."],
    ["code", "Set it = value in the file."],
    ["tags", "The <b>bold</b> part of it."],
    ["decoration", "The end of it -- really."],
    ["numbers", "In 1990 12 34 5678 91011 it."],
    ["a few words among numbers", "model 4711 has it in 12 of 34"],
    ["a few words among signs", '(it is "it"?!) ("it"!!!), ("it" is)'],
    ["capitals", "THIS IS A VERY LOUD LINE."],
    ["a long word", "A word of abcdefghijklmnopqrstuvwxyzabc is here."],
    ["another alphabet", "Это не английский текст, and so."],
    ["another language", "Das Wetter bleibt heute leider schlecht."],
    ["chants", "no no no no no"],
    ["drawn-out words", "That is sooooo good."],
  ])("leaves out %s", (_, line) => {
    expect(clean([line])).toEqual([]);
  });

  test.each([
    "the weather is bad today",
    "an all-time high (of 42)",
    "ice cream sandwich",
    "That's café society, isn't it?",
    "“Stop it,” she said.",
  ])("keeps %s", (line) => {
    expect(clean([line])).toEqual([line]);
  });
});
