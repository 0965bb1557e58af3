import { glueNames } from "../../data/glue.js";
import { ConfigError } from "../../errors.js";
import type { Classification } from "../../pipelines/classify.js";
import type { PipelineOptions } from "../../pipelines/pipeline.js";
import { AGGREGATIONS, type Aggregation } from "../../pipelines/tagGroups.js";
import type { TagTokensOptions } from "../../pipelines/tagTokens.js";
import type { RoFormer } from "../../roformer.js";
import { share } from "../../train/settings/rules.js";
import { type CommandSpec, UsageError } from "../command.js";
import { glueOption } from "../dataOptions.js";
import { predictGlue } from "../gluePredictions.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { type OptionSpec, oneOf, path, ruled, text, whole } from "../option.js";
import { print } from "../output.js";
import { checkRowFile, withColumns, writeRows } from "../rowFile.js";
import { oneLine, pairOption, readGroups, type TextInputs, textOptions } from "../textInputs.js";

/** A model's prediction for a text: with --json, and as a line. */
interface Prediction {
  readonly value: object;
  readonly line: string;
  /** What --out adds to the row. */
  readonly columns: object;
}

/** The official data whose test rows are predicted. */
const glueTestOption: OptionSpec = {
  ...glueOption,
  help: `write the leaderboard's files for the test rows of a GLUE task in its official files, in the folder --data: ${glueNames.join(", ")}`,
};

/** Where --out writes. */
const outOption: OptionSpec = {
  flags: "--out <file>",
  help: "write the rows with all their columns, label and score to a csv, tsv or jsonl file instead of printing; with --glue the folder of the leaderboard's files",
  parse: path,
};

/** The option for classifiers. */
const thresholdOption: OptionSpec = {
  flags: "--threshold <number>",
  help: "probability from which the second of two classes, or each of several labels per text, is predicted (default: the model's own, else the most likely label)",
  parse: ruled(share),
};

/** Options for token classification. */
const tagOptions: readonly OptionSpec[] = [
  {
    flags: "--aggregation <way>",
    help: `how tokens are grouped: ${AGGREGATIONS.join(", ")} (default: simple)`,
    parse: oneOf(AGGREGATIONS),
  },
  { flags: "--ignore-labels <labels>", help: "labels to leave out, separated by commas (default: O)", parse: text },
  { flags: "--stride <tokens>", help: "read long texts in windows that overlap by this many tokens", parse: whole(0) },
];

/** Classifies texts or their tokens. */
export const predict: CommandSpec = {
  name: "predict",
  summary: "label texts or their tokens: arguments, a file, or lines of standard input (-)",
  words: "[texts...]",
  options: [...modelOptions, ...textOptions, pairOption, glueTestOption, outOption, thresholdOption, ...tagOptions],
  required: ({ glue }) => (glue === undefined ? ["model"] : ["model", "data", "out"]),
  async run(call) {
    if (call.options.glue !== undefined) {
      await predictGlue(call);
      return undefined;
    }
    const tagging = tagSettings(call.options);
    const { threshold } = call.options as { threshold?: number };
    const file = call.options.out as string | undefined;
    if (file !== undefined) await checkRowFile(file);
    const keep = file !== undefined;
    const groups = await readGroups("predict", call.options, call.words, call.signal, { keep });
    const rows: object[] = [];
    await withModel(call, {}, async (model, settings) => {
      for await (const inputs of groups) {
        const found = await predictions(model, inputs, { ...settings, threshold }, tagging);
        if (keep) {
          const row = (i: number) => inputs.rows?.[i] ?? { text: inputs.texts[i] };
          rows.push(...found.map(({ columns }, i) => withColumns(row(i), columns, "predicted")));
          continue;
        }
        const line = ({ value, line }: Prediction, i: number) =>
          call.out.json ? JSON.stringify({ text: inputs.texts[i], ...value }) : line;
        await print(found.map(line));
      }
    });
    if (file !== undefined) {
      await writeRows(file, rows);
      await call.out.result({ n: rows.length, out: file }, [`${rows.length} rows are in ${file}`]);
    }
    return undefined;
  },
};

/** The predicted label and its score, or all labels that reach their thresholds with theirs. */
function labelsInWords({ label, score, scores, labels }: Classification): string[] {
  if (!labels) return [oneLine(label), score.toFixed(4)];
  return [labels.map((one) => `${oneLine(one)} ${scores[one]!.toFixed(4)}`).join(", ") || "(none)"];
}

function tagSettings(given: Record<string, unknown>): TagTokensOptions {
  const { aggregation, ignoreLabels, stride } = given as {
    aggregation?: string;
    ignoreLabels?: string;
    stride?: number;
  };
  return {
    ...(aggregation !== undefined && { aggregation: aggregation as Aggregation }),
    ...(ignoreLabels !== undefined && { ignoreLabels: ignoreLabels.split(",") }),
    ...(stride !== undefined && { stride }),
  };
}

async function predictions(
  model: RoFormer,
  { texts, pairs, where }: TextInputs,
  { threshold, ...settings }: PipelineOptions & { readonly threshold?: number | undefined },
  tagging: TagTokensOptions,
): Promise<Prediction[]> {
  if (model.head === "sequence-classification") {
    if (Object.keys(tagging).length > 0)
      throw new UsageError("--aggregation, --ignore-labels and --stride are for models that tag tokens");
    const results = await model.classify(texts, { ...settings, where, threshold, ...(pairs && { pairs }) });
    return results.map((value, i) => ({
      value,
      columns: value.labels ? { labels: value.labels } : { label: value.label, score: value.score },
      line: [...labelsInWords(value), oneLine(texts[i]!).slice(0, 100)].join("\t"),
    }));
  }
  if (model.head !== "token-classification")
    throw new ConfigError(
      `predict needs a model that classifies texts or tokens, not one with the head "${model.head}"`,
    );
  if (threshold !== undefined) throw new UsageError("--threshold is for models that classify texts");
  if (pairs) throw new UsageError("--text-pair is for models that classify texts");
  const results = await model.tagTokens(texts, { ...settings, where, aggregation: "simple", ...tagging });
  return results.map((tags) => ({
    value: { tags },
    columns: { tags },
    line: tags.map(({ label, word, score }) => `${label}\t${oneLine(word)}\t${score.toFixed(4)}`).join("\n"),
  }));
}
