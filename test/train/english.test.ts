import { expect, it } from "vitest";
import { areEnglish } from "../../ts/train/english.js";

/** The first article of the Universal Declaration of Human Rights. */
const ARTICLES = {
  german:
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.",
  dutch:
    "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.",
  french:
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
  spanish:
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.",
  chinese: "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
};
const ENGLISH =
  "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.";

it.each(Object.entries(ARTICLES))("%s texts are not English", (_, text) => {
  expect(areEnglish([text])).toBe(false);
});

it("English texts are, also with some others among them", () => {
  expect(areEnglish([ENGLISH])).toBe(true);
  expect(areEnglish([ENGLISH.toUpperCase()])).toBe(true);
  expect(areEnglish([ENGLISH, ENGLISH, ENGLISH, ARTICLES.german])).toBe(true);
  expect(areEnglish([ENGLISH, ...Array.from({ length: 9 }, () => ARTICLES.german)])).toBe(false);
});

it("no text, and texts without a word, are not", () => {
  expect(areEnglish([])).toBe(false);
  expect(areEnglish(["42", "…"])).toBe(false);
});

it("stops reading after some texts", () => {
  let read = 0;
  function* endless() {
    for (;;) {
      read++;
      yield ENGLISH;
    }
  }
  expect(areEnglish(endless())).toBe(true);
  expect(read).toBeLessThan(2000);
});
