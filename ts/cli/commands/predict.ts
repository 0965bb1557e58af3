import { ConfigError } from "../../errors.js";
import type { RoFormer } from "../../models/roformer.js";
import type { PipelineOptions } from "../../pipelines/batches.js";
import { type CommandSpec, UsageError } from "../command.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { print } from "../output.js";
import { oneLine, pairOption, readGroups, type TextInputs, textOptions } from "../textInputs.js";

/** What a model says of a text: with --json, and as a line for people. */
interface Prediction {
  readonly value: object;
  readonly line: string;
}

/** Labels texts, or their tokens. */
export const predict: CommandSpec = {
  name: "predict",
  summary: "label texts, or their tokens: those given, those of a file, or lines of standard input (-)",
  words: "[texts...]",
  options: [...modelOptions, ...textOptions, pairOption],
  required: ["model"],
  async run(call) {
    const groups = await readGroups("predict", call.options, call.words, call.signal);
    await withModel(call, {}, async (model, settings) => {
      for await (const inputs of groups) {
        const found = await predictions(model, inputs, settings);
        const line = ({ value, line }: Prediction, i: number) =>
          call.out.json ? JSON.stringify({ text: inputs.texts[i], ...value }) : line;
        await print(found.map(line));
      }
    });
    return undefined;
  },
};

async function predictions(
  model: RoFormer,
  { texts, pairs }: TextInputs,
  settings: PipelineOptions,
): Promise<Prediction[]> {
  if (model.head === "sequence-classification") {
    const results = await model.classify(texts, { ...settings, ...(pairs && { pairs }) });
    return results.map((value, i) => ({
      value,
      line: [oneLine(value.label), value.score.toFixed(4), oneLine(texts[i]!).slice(0, 100)].join("\t"),
    }));
  }
  if (model.head !== "token-classification")
    throw new ConfigError(
      `predict needs a model that classifies texts or tokens, not one with the head "${model.head}"`,
    );
  if (pairs) throw new UsageError("--text-pair is for models that classify texts");
  const results = await model.tagTokens(texts, { ...settings, aggregation: "simple" });
  return results.map((tags) => ({
    value: { tags },
    line: tags.map(({ label, word, score }) => `${label}\t${oneLine(word)}\t${score.toFixed(4)}`).join("\n"),
  }));
}
