import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ConfigError, DataError, ShapeError } from "../../ts/errors.js";
import { metrics } from "../../ts/metrics/index.js";
import { fixed } from "../../ts/metrics/translation/printed.js";
import { VERSION } from "../../ts/version.js";
import { golden } from "../golden.js";
import { ROOT } from "../process.js";

type Metric = "bleu" | "chrf";
type Row = readonly (string | null)[];

interface Golden {
  readonly reference: string;
  readonly options: Readonly<Record<Metric, readonly Readonly<Record<string, unknown>>[]>>;
  readonly sentences: Readonly<Record<Metric, readonly (readonly [score: number, printed: string])[]>>;
  readonly corpora: readonly (readonly [Metric, ...[number, number, number, number], number, string, string])[];
}

const rows = golden<readonly Row[]>("translation/pairs.json");
const { reference, options, sentences, corpora } = golden<Golden>("translation/scores.json");
const [, theirs] = /^sacrebleu ([\d.]+),/.exec(reference)!;

const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const ours = (given: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [camel(name), value]));

function scored(metric: Metric, which: number, some: readonly Row[], references: number) {
  const hypotheses = some.map(([hypothesis]) => hypothesis!);
  const truths = some.map((row) => row.slice(1, references === 0 ? undefined : 1 + references));
  const score = metric === "bleu" ? metrics.bleu : metrics.chrfScore;
  return score(hypotheses, truths, ours(options[metric][which]!));
}

describe.each(["bleu", "chrf"] as const)(
  "%s of texts with odd spaces, scripts, numbers, quotes and entities",
  (metric) => {
    test("equals sacrebleu's for each of 1,000 pairs, to the last digit that it prints", () => {
      expect(rows.length).toBe(1000);
      for (const [i, row] of rows.entries()) {
        const which = i % options[metric].length;
        const { score, printed } = scored(metric, which, [row], 1);
        const [expected, text] = sentences[metric][i]!;
        const about = JSON.stringify({ row, options: options[metric][which] });
        expect(printed, about).toBe(text);
        expect(Math.abs(score - expected), about).toBeLessThanOrEqual(1e-11 * expected);
      }
    });

    test("equals sacrebleu's for corpora of up to 200 lines, with its signature", () => {
      const own = corpora.filter(([name]) => name === metric);
      for (const [, which, from, count, references, expected, text, signature] of own) {
        const { score, printed, signature: got } = scored(metric, which, rows.slice(from, from + count), references);
        const about = JSON.stringify({ from, count, references, options: options[metric][which] });
        expect(printed, about).toBe(text);
        expect(Math.abs(score - expected), about).toBeLessThanOrEqual(1e-11 * expected);
        expect(got, about).toBe(signature.replace(`version:${theirs}`, `version:roformer-${VERSION}`));
      }
      expect(own.length).toBeGreaterThan(60);
      expect(new Set(own.map(([, which]) => which)).size).toBe(options[metric].length);
    });
  },
);

test("the signature has the package's version", () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as { version: string };
  expect(VERSION).toBe(version);
  expect(metrics.bleu(["a"], [["a"]], { smoothMethod: "floor", lowercase: true }).signature).toBe(
    `nrefs:1|case:lc|eff:no|tok:13a|smooth:floor[0.10]|version:roformer-${version}`,
  );
});

test("numbers halfway between two are printed with an even digit, as by Python", () => {
  // Python 3.11: [f"{x:.1f}" for x in (6.25, 6.75, 0.05, 0.25, 31.25, 93.75, 100.0)]
  const printed = ["6.2", "6.8", "0.1", "0.2", "31.2", "93.8", "100.0"];
  expect([6.25, 6.75, 0.05, 0.25, 31.25, 93.75, 100].map((value) => fixed(value, 1))).toEqual(printed);
  // f"{x:.2f}" for x in (0.125, 0.375, 0.015, 2.675, 99.995, 100.00000000000004, 1e-300)
  const more = ["0.12", "0.38", "0.01", "2.67", "100.00", "100.00", "0.00"];
  expect([0.125, 0.375, 0.015, 2.675, 99.995, 100.00000000000004, 1e-300].map((x) => fixed(x, 2))).toEqual(more);
});

test("a missing reference counts for nothing, an empty one is a reference", () => {
  const [hypotheses, one, other] = [["a b c d", "e f g h"], "a b c d", "e f g h"];
  const whole = metrics.bleu(hypotheses, [[one], [other]]);
  const some = metrics.bleu(hypotheses, [
    [null, one],
    [other, undefined],
  ]);
  expect(some).toEqual(whole);
  expect(
    metrics.bleu(hypotheses, [
      [null, one],
      [other, "x"],
    ]).signature,
  ).toMatch(/^nrefs:var\|/);
  // The nearest length to 1 word is 0, of the empty reference; 2 words are as near, and longer.
  expect(metrics.bleu(["a"], [["a b", ""]]).referenceLength).toBe(0);
});

test("a line of a million spaces is scored within the time of a test", () => {
  const line = `a${" ".repeat(1e6)}b`;
  expect(metrics.bleu([line], [["a b"]], { maxNgramOrder: 2 }).score).toBeCloseTo(100, 10);
  expect(metrics.chrf([line], [["a b"]])).toBeCloseTo(100, 10);
});

describe("what cannot be scored is refused in one line", () => {
  const bleu = (given: object) => () => metrics.bleu(["a"], [["a"]], given);
  const chrf = (given: object) => () => metrics.chrf(["a"], [["a"]], given);

  test.each([
    [
      bleu({ tokenize: "ja-mecab" }),
      "bleu: tokenize is ja-mecab, which needs MeCab and a dictionary; expected one of 13a",
    ],
    [bleu({ tokenize: "spm" }), "bleu: tokenize is spm, which needs a SentencePiece model; expected one of 13a"],
    [bleu({ tokenize: "flores200" }), "which needs a SentencePiece model"],
    [bleu({ smoothMethod: "add" }), "bleu: smoothMethod is add, not one of exp, none, floor, add-k"],
    [bleu({ smoothValue: 1 }), "bleu: smoothValue is set, which smoothMethod exp does not use; floor and add-k do"],
    [bleu({ smoothMethod: "floor", smoothValue: -1 }), "bleu: smoothValue is -1, not a number of at least 0"],
    [bleu({ lowercase: "yes" }), "bleu: lowercase is yes, not true or false"],
    [bleu({ maxNgramOrder: 0 }), "bleu: maxNgramOrder is 0, not a whole number of at least 1"],
    [chrf({ charOrder: 1.5 }), "chrf: charOrder is 1.5, not a whole number of at least 1"],
    [chrf({ wordOrder: -1 }), "chrf: wordOrder is -1, not a whole number of at least 0"],
    [chrf({ beta: 0 }), "chrf: beta is 0, not a positive number"],
    [chrf({ epsSmoothing: 1 }), "chrf: epsSmoothing is 1, not true or false"],
  ])("option %#", (call, message) => {
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(message);
  });

  test("texts and references", () => {
    for (const [name, score] of [["bleu", metrics.bleu] as const, ["chrf", metrics.chrf] as const]) {
      expect(() => score(["a"], [])).toThrow(new ShapeError(`${name}: predictions`, 1, "0, as labels"));
      expect(() => score(["a", "b"], [["a"], [null]])).toThrow(
        new DataError(`${name}: references[1] has 0 texts; expected at least 1`),
      );
      expect(() => score(["a"], ["a"] as never)).toThrow(`${name}: references[0] is string, not a list of references`);
      expect(() => score(["a", null as never], [["a"], ["b"]])).toThrow(`${name}: hypothesis 1 is null, not a text`);
      expect(() => score(["a"], [["a", 1 as never]])).toThrow(
        `${name}: a reference of hypothesis 0 is number, not a text`,
      );
    }
  });
});
