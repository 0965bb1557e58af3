import { readTexts } from "../../train/examples.js";
import { type CommandSpec, UsageError } from "../command.js";
import { dataSource, formatOption } from "../dataOptions.js";
import { loadClassifier, modelOptions } from "../modelOptions.js";
import { type OptionSpec, path, text, whole } from "../option.js";
import { print } from "../output.js";

const options: readonly OptionSpec[] = [
  ...modelOptions,
  { flags: "--data <file>", help: "texts, instead of words after the options", parse: path },
  { flags: "--text <column>", help: "column of the texts", parse: text },
  { flags: "--text-pair <column>", help: "column of second texts, for pairs", parse: text },
  formatOption,
  { flags: "--max-length <tokens>", help: "tokens a text is cut to (default: as in training)", parse: whole(3) },
];

/** Labels texts. */
export const predict: CommandSpec = {
  name: "predict",
  summary: "label texts: those given, those of a file, or lines of standard input (-)",
  words: "[texts...]",
  options,
  required: ["model"],
  async run({ options: given, words, out, signal }) {
    const { texts, pairs } = await inputs(given, words, signal);
    const model = await loadClassifier(given);
    const maxLength = given.maxLength as number | undefined;
    const results = await model.classify(texts, { signal, ...(pairs && { pairs }), ...(maxLength && { maxLength }) });
    const lines = results.map((result, i) =>
      out.json
        ? JSON.stringify({ text: texts[i], ...result })
        : [oneLine(result.label), result.score.toFixed(4), oneLine(texts[i]!).slice(0, 100)].join("\t"),
    );
    await print(lines);
    model.close();
    return undefined;
  },
};

const oneLine = (words: string): string => words.replace(/\s+/g, " ");

async function inputs(
  given: Record<string, unknown>,
  words: readonly string[],
  signal: AbortSignal,
): Promise<{ texts: string[]; pairs?: string[] }> {
  if (given.data === undefined) {
    if (words.length === 0) throw new UsageError("predict needs texts, --data FILE or - for standard input");
    if (given.textPair !== undefined || given.text !== undefined)
      throw new UsageError("--text and --text-pair name columns of --data FILE");
    if (words.length !== 1 || words[0] !== "-") return { texts: [...words] };
    const rows = await readTexts(dataSource("-", signal), { text: "text" }, "standard input", "txt");
    return { texts: rows.map(({ values }) => values.text!) };
  }
  if (words.length > 0) throw new UsageError("predict takes texts or --data FILE, not both");
  if (given.text === undefined) throw new UsageError("predict --data needs --text COLUMN");
  const columns = { text: given.text as string, textPair: given.textPair as string | undefined };
  const rows = await readTexts(dataSource(given.data as string, signal), columns, "data", given.format as never);
  const texts = rows.map(({ values }) => values[columns.text]!);
  return columns.textPair === undefined
    ? { texts }
    : { texts, pairs: rows.map(({ values }) => values[columns.textPair!]!) };
}
