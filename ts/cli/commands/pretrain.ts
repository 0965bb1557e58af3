import type { DataSource } from "../../data/source.js";
import { pick } from "../../options.js";
import { platform } from "../../platform/index.js";
import { duration } from "../../train/inWords.js";
import { PRETRAIN } from "../../train/options.js";
import { pretrain as train } from "../../train/pretrain.js";
import { PRETRAIN_SETTINGS } from "../../train/settings/pretrain.js";
import type { LanguageMetrics } from "../../train/text/metrics.js";
import type { CommandSpec } from "../command.js";
import { comparable, comparedBy } from "../compareOptions.js";
import { runComparison } from "../comparison.js";
import { dataSource, fileOptions, formats } from "../dataOptions.js";
import { checkpointOptions, folderOptions, tensorboardOption } from "../folderOptions.js";
import { modelSource } from "../modelSource.js";
import { type OptionSpec, oneOf, path, paths, text } from "../option.js";
import { settingOptions } from "../settingOptions.js";
import { trainingProgress } from "../trainingProgress.js";

const options: readonly OptionSpec[] = [
  {
    flags: "--objective <name>",
    help: "clm: predict the next token; mlm: predict masked tokens",
    parse: oneOf(["clm", "mlm"]),
  },
  {
    flags: "--data <files...>",
    help: "running text: files, folders, patterns such as 'texts/*.txt', or - for standard input",
    parse: paths,
  },
  {
    flags: "--valid <files...>",
    help: "held-out text (default: the last twentieth, at most 262,144 characters)",
    parse: paths,
  },
  { flags: "--text <column>", help: "column of the texts, for files with columns (default: text)", parse: text },
  ...fileOptions.filter(({ flags }) => !flags.startsWith("--format")),
  {
    flags: "--format <name>",
    help: `format of the files (default: by extension, else txt): ${formats.join(", ")}`,
    parse: oneOf(formats),
  },
  ...folderOptions,
  ...checkpointOptions,
  tensorboardOption,
  {
    flags: "--tokenizer <name|file>",
    help: "char, byte, or a tokenizer's file or folder (default: char for clm, else WordPiece of the text)",
    parse: path,
  },
  ...comparable("pretrain", settingOptions(PRETRAIN_SETTINGS)),
];

/** Trains a language model. */
export const pretrain: CommandSpec = {
  name: "pretrain",
  summary: "train a language model on running text",
  options,
  required: ["objective", "data", "out"],
  async run(call) {
    const { out, signal } = call;
    const { given, comparison } = comparedBy(call.options);
    const sources = (files: unknown): DataSource[] =>
      (files as string[]).map((file) => dataSource(file, signal, "txt"));
    const sourcesOf = (names: string[]) =>
      Object.fromEntries(
        names
          .filter((name) => given[name] !== undefined)
          .map((name) => [name, modelSource(given[name] as string, call)]),
      );
    const files = {
      data: sources(given.data),
      ...(given.valid !== undefined && { valid: sources(given.valid) }),
    };
    const settings = pick({ ...given, ...sourcesOf(["init", "tokenizer"]), ...files }, PRETRAIN);
    if (comparison) {
      const { out: folder, ...common } = settings;
      await runComparison(call, { pretrain: common, ...comparison, out: folder });
      return undefined;
    }
    const show = trainingProgress(call);
    const listeners = { onMessage: show.message, onProgress: show.step, onEvaluation: show.evaluation };
    const { model, metrics } = await train({ ...settings, signal, ...listeners }).finally(show.end);
    show.curve();
    const memory = platform.peakMemory();
    const { steps, seconds, tokensPerSecond } = metrics;
    await out.result(metrics, [
      `validation, ${metrics.n} tokens held out: ${scoresInWords(metrics)}`,
      `trained ${steps} steps in ${duration(seconds)}, ${tokensPerSecond} tokens/s`,
      ...(memory === undefined ? [] : [`peak memory of the process ${Math.round(memory / 2 ** 20)} MiB`]),
      `saved in ${given.out}`,
    ]);
    model.close();
    return undefined;
  },
};

/** The scores that a run has. */
function scoresInWords({ loss, perplexity, accuracy, bitsPerCharacter, bitsPerByte }: LanguageMetrics): string {
  return [
    `loss ${loss.toFixed(4)}`,
    `perplexity ${perplexity.toPrecision(4)}`,
    ...(accuracy === undefined ? [] : [`${(100 * accuracy).toFixed(1)} % of the masks right`]),
    ...(bitsPerCharacter === undefined ? [] : [`${bitsPerCharacter.toFixed(4)} bits per character`]),
    ...(bitsPerByte === undefined ? [] : [`${bitsPerByte.toFixed(4)} per byte`]),
  ].join(", ");
}
