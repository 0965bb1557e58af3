import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { utf16Offset } from "../../ts/data/squad.js";
import { DataError } from "../../ts/errors.js";
import { lines, read, values } from "./readBytes.js";

const context = "😀 Rotary embeddings: by Su et al. in 2021.";
const file = {
  version: "v2.0",
  data: [
    {
      title: "RoFormer",
      paragraphs: [
        {
          context,
          qas: [
            {
              question: "When?",
              id: "q1",
              answers: [
                { text: "2021", answer_start: 37 },
                { text: "in 2021", answer_start: 34 },
              ],
              is_impossible: false,
            },
            {
              question: "Who, not?",
              id: "q2",
              answers: [{ text: "no", answer_start: 0 }],
              is_impossible: true,
              plausible_answers: [{ text: "Su et al.", answer_start: 24 }],
            },
          ],
        },
      ],
    },
    {
      paragraphs: [
        { context: " b ", qas: [] },
        { context: " b ", qas: [{ id: 7, question: " b? " }] },
      ],
    },
  ],
};
const rows = [
  {
    id: "q1",
    title: "RoFormer",
    context,
    question: "When?",
    answers: { text: ["2021", "in 2021"], answer_start: [37, 34] },
  },
  { id: "q2", title: "RoFormer", context, question: "Who, not?", answers: { text: [], answer_start: [] } },
  { id: "7", title: "", context: " b ", question: " b? " },
];

test("a SQuAD file has a row a question, as Hugging Face's datasets has it", async () => {
  const text = JSON.stringify(file);
  expect(values(await read("dev-v2.0.json", text))).toEqual(rows);
  expect(values(await read("dev-v2.0.json.gz", gzipSync(text), {}, 7))).toEqual(rows);
  expect(values(await read("dev.txt", text, { format: "squad" }))).toEqual(rows);
  expect(values(await read("dev.txt", text, { format: "json" }))).toEqual(rows);
  expect(Object.keys(values(await read("a.json", text))[0]!)).toEqual([
    "id",
    "title",
    "context",
    "question",
    "answers",
  ]);
  expect(values(await read("a.json", text, { columns: ["question"] })).map(({ question }) => question)).toEqual([
    "When?",
    "Who, not?",
    " b? ",
  ]);
  await expect(read("a.json", text, { columns: ["answers"] })).rejects.toThrow('a.json:1: no column "answers"');
});

test("a question's line is where it begins, whatever stands before it", async () => {
  const odd = fc.constantFrom('"', "\\", '\\"', "{", "]", ",", ":", "qas", "data", "a", "\n");
  const text = fc.string({ unit: odd, maxLength: 6 });
  const other = fc.oneof(text, fc.array(text), fc.constant({ data: [{ paragraphs: [{ qas: [{}] }] }], qas: [[{}]] }));
  const question = fc.record({ question: text, more: other });
  const paragraph = fc.record({
    before: other,
    context: text,
    qas: fc.array(question, { maxLength: 3 }),
    after: other,
  });
  const article = fc.record({ qas: other, paragraphs: fc.array(paragraph, { maxLength: 3 }), title: text });
  const squad = fc.record({ paragraphs: other, data: fc.array(article, { minLength: 1 }), version: other });
  await fc.assert(
    fc.asyncProperty(squad, fc.constantFrom(0, 1, "\t"), async (root, indent) => {
      let count = 0;
      // `id` stands first, on the line behind the bracket; where there is no indent, all is one line.
      const numbered = root.data.map((one) => ({
        ...one,
        paragraphs: one.paragraphs.map((p) => ({ ...p, qas: p.qas.map((q) => ({ id: `#${count++}#`, ...q })) })),
      }));
      fc.pre(count > 0);
      const written = JSON.stringify({ ...root, data: numbered }, null, indent);
      const lineOf = (id: string) => written.slice(0, written.indexOf(`"${id}"`)).split("\n").length - (indent ? 1 : 0);
      const got = await read("a.json", written);
      expect(lines(got)).toEqual(Array.from({ length: count }, (_, i) => lineOf(`#${i}#`)));
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("an offset in code points, as Python counts, becomes one in UTF-16 units", () => {
  const start = utf16Offset(context, 37)!;
  expect(context.slice(start, start + 4)).toBe("2021");
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "é", "😀", "\ud83d", "\ude00", "e\u0301") }), (text) => {
      const points = Array.from(text);
      for (let i = 0; i <= points.length; i++) expect(utf16Offset(text, i)).toBe(points.slice(0, i).join("").length);
      for (const wrong of [-1, points.length + 1, points.length + 2, 0.5, Number.NaN])
        expect(utf16Offset(text, wrong)).toBeUndefined();
    }),
    { seed: 1 },
  );
});

test("what does not fit is named by its place, with what was found and what was expected", async () => {
  const qa = { id: "a", question: "b", answers: [{ text: "c", answer_start: 0 }] };
  const paragraph = { context: "c", qas: [qa] };
  const inFile = (data: unknown) => JSON.stringify({ data });
  const inParagraph = (one: unknown) => inFile([{ title: "t", paragraphs: [paragraph, one] }]);
  const inQuestion = (one: object) => inParagraph({ context: "c", qas: [{ ...qa, ...one }] });
  const at = "a.json: data[0].paragraphs[1]";
  for (const [text, message] of [
    [inFile({}), "a.json: data is an object; expected a list of objects"],
    [inFile([3]), "a.json: data[0] is a number; expected an object"],
    [inFile([{ title: 3, paragraphs: [] }]), "a.json: data[0].title is a number; expected a text"],
    [inFile([{ text: "x" }]), "a.json: data[0].paragraphs is missing; expected a list of objects"],
    [inParagraph({ qas: [] }), `${at}.context is missing; expected a text`],
    [inParagraph({ context: "c", qas: "x" }), `${at}.qas is "x"; expected a list of objects`],
    [inQuestion({ id: null }), `${at}.qas[0].id is null; expected a text`],
    [inQuestion({ question: ["x"] }), `${at}.qas[0].question is a list; expected a text`],
    [inQuestion({ is_impossible: "no" }), `${at}.qas[0].is_impossible is "no"; expected true or false`],
    [inQuestion({ answers: { text: [] } }), `${at}.qas[0].answers is an object; expected a list of objects`],
    [inQuestion({ answers: [{ answer_start: 0 }] }), `${at}.qas[0].answers[0].text is missing; expected a text`],
    [
      inQuestion({ answers: [{ text: "c", answer_start: "0" }] }),
      `${at}.qas[0].answers[0].answer_start is "0"; expected a whole number`,
    ],
    ['{"rows": []}', "a.json:1: an object, not an array of objects, nor a SQuAD file with data"],
    ['{"data": [\n{]}', "a.json:2: broken JSON"],
    ['{"data": []}', "a.json has no rows"],
  ] as const) {
    const got = read("a.json", text);
    await expect(got, message).rejects.toThrow(DataError);
    await expect(got).rejects.toThrow(message);
  }
  await expect(read("a.json", "[]", { format: "squad" })).rejects.toThrow(
    "a.json: the root is a list; expected an object with data",
  );
});
