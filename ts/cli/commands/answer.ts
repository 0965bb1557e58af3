import type { FileOptions } from "../../data/rows.js";
import { type Row, textOf } from "../../data/values.js";
import type { Question } from "../../pipelines/answer.js";
import { readTexts } from "../../train/examples.js";
import { type Call, type CommandSpec, UsageError } from "../command.js";
import { dataSource, fileOptions } from "../dataOptions.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { flag, type OptionSpec, path, text, whole } from "../option.js";
import { print } from "../output.js";
import { oneLine, placesOf } from "../textInputs.js";
import { topOption } from "./search.js";

const options: readonly OptionSpec[] = [
  ...modelOptions,
  { flags: "--context <text>", help: "text that holds the answers to the questions given", parse: text },
  { flags: "--context-file <file>", help: "file of that text; - for standard input", parse: path },
  { flags: "--data <file>", help: "file of questions and contexts", parse: path },
  { flags: "--question-column <column>", help: "column of the questions (default: question)", parse: text },
  { flags: "--context-column <column>", help: "column of the contexts (default: context)", parse: text },
  ...fileOptions,
  {
    flags: "--max-length <tokens>",
    help: "maximum tokens of a window; longer contexts are read in several",
    parse: whole(8),
  },
  { flags: "--stride <tokens>", help: "overlap of neighboring windows in tokens (default: 128)", parse: whole(0) },
  { flags: "--max-answer-length <tokens>", help: "maximum tokens of an answer (default: 15)", parse: whole(1) },
  topOption("number of answers per question", 1),
  { flags: "--handle-impossible-answer", help: "allow for no answer, as SQuAD 2 does", parse: flag, isFlag: true },
];

interface Asked {
  readonly questions: Question[];
  readonly where?: (index: number) => string;
}

/** Options that are passed to the pipeline. */
interface Given {
  readonly top?: number;
  readonly stride?: number;
  readonly maxAnswerLength?: number;
  readonly handleImpossibleAnswer?: boolean;
}

/** Finds answers in texts. */
export const answer: CommandSpec = {
  name: "answer",
  summary:
    "answer questions from a text (--context, --context-file), or questions of a file, each with its context (--data)",
  words: "[questions...]",
  options,
  required: ["model"],
  async run(call) {
    const { questions, where } = await readQuestions(call);
    const { top, stride, maxAnswerLength, handleImpossibleAnswer } = call.options as Given;
    const found = await withModel(call, { head: "question-answering" }, (model, settings) =>
      model.answer(questions, {
        ...settings,
        where,
        ...(top !== undefined && { topK: top }),
        ...(stride !== undefined && { stride }),
        ...(maxAnswerLength !== undefined && { maxAnswerLength }),
        ...(handleImpossibleAnswer && { handleImpossibleAnswer }),
      }),
    );
    const lines = found.map((answers, i) =>
      call.out.json
        ? JSON.stringify({ question: questions[i]!.question, answers })
        : answers.map(({ score, answer }) => `${score.toFixed(4)}\t${oneLine(answer)}`).join("\n"),
    );
    await print(lines);
    return undefined;
  },
};

/** Questions, and their positions if they come from a file. */
async function readQuestions({ options: given, words, signal }: Call): Promise<Asked> {
  const contexts = ["context", "contextFile", "data"].filter((name) => given[name] !== undefined);
  if (contexts.length !== 1)
    throw new UsageError("answer needs one of --context TEXT, --context-file FILE and --data FILE");
  if (given.data !== undefined) {
    if (words.length > 0) throw new UsageError("answer takes questions or --data FILE, not both");
    const { questionColumn: question = "question", contextColumn: context = "context" } = given;
    const columns = { texts: [question as string, context as string], others: [] };
    const rows = await readTexts(dataSource(given.data as string, signal), columns, "data", given as FileOptions);
    const [first, second] = columns.texts as [string, string];
    const one = (row: Row) => ({ question: textOf(row, first), context: textOf(row, second) });
    return { questions: rows.map(one), where: placesOf(rows) };
  }
  if (words.length === 0) throw new UsageError("answer needs at least one question");
  if (words.includes("-")) throw new UsageError("answer takes questions as words; - is for --context-file or --data");
  const context = (given.context as string | undefined) ?? (await wholeText(given.contextFile as string, signal));
  return { questions: words.map((question) => ({ question, context })) };
}

async function wholeText(file: string, signal: AbortSignal): Promise<string> {
  const rows = await readTexts(dataSource(file, signal), { texts: ["text"], others: [] }, file, { format: "txt" });
  return rows.map((row) => textOf(row, "text")).join("\n");
}
