import { pick } from "../../options.js";
import { platform } from "../../platform/index.js";
import { DISTILL } from "../../train/distill/options.js";
import { type DistillMetrics, type DistillResult, distill as train } from "../../train/distill.js";
import { duration } from "../../train/inWords.js";
import { DISTILL_SETTINGS } from "../../train/settings/distill.js";
import type { CommandSpec } from "../command.js";
import { dataSource, fileOptions } from "../dataOptions.js";
import { checkpointOptions, outOption, tensorboardOption } from "../folderOptions.js";
import { modelSource } from "../modelSource.js";
import { type OptionSpec, path, paths, text } from "../option.js";
import { settingOptions } from "../settingOptions.js";
import { trainingProgress } from "../trainingProgress.js";

const options: readonly OptionSpec[] = [
  { flags: "--teacher <folder>", help: "the model to learn from", parse: path },
  { flags: "--data <files...>", help: "texts to learn from, without labels, one or several files", parse: paths },
  { flags: "--data-text <column>", help: "column of the texts of --data (default: as --text, else text)", parse: text },
  {
    flags: "--data-text-pair <column>",
    help: "column of second texts of --data: of the same meaning for contrastive, of pairs for classifiers",
    parse: text,
  },
  { flags: "--valid <file>", help: "labeled rows that both models are scored on", parse: path },
  { flags: "--text <column>", help: "column of the texts of --valid", parse: text },
  { flags: "--text-pair <column>", help: "column of its second texts", parse: text },
  { flags: "--label <column>", help: "column of its labels; for text vectors, of similarities", parse: text },
  ...fileOptions,
  outOption,
  {
    flags: "--cache <folder>",
    help: "folder for what the teacher makes of the texts, which later runs read (default: OUT/teacher-cache)",
    parse: path,
  },
  ...checkpointOptions,
  tensorboardOption,
  ...settingOptions(DISTILL_SETTINGS),
];

/** Trains a small model on a large one. */
export const distill: CommandSpec = {
  name: "distill",
  summary: "train a small model to do what a large one does, on texts without labels",
  options,
  required: ["teacher", "data", "out"],
  async run(call) {
    const { options: given, out, signal } = call;
    const show = trainingProgress(call);
    const { valid } = given as { valid?: string };
    const settings = {
      ...given,
      teacher: modelSource(given.teacher as string, call),
      data: (given.data as string[]).map((file) => dataSource(file, signal, "txt")),
      ...(valid !== undefined && { valid: dataSource(valid, signal) }),
      ...{ signal, onMessage: show.message, onProgress: show.step, onEvaluation: show.evaluation },
    };
    const { model, metrics } = (await train(pick(settings, DISTILL)).finally(show.end)) as DistillResult;
    show.curve();
    const memory = platform.peakMemory();
    await out.result(metrics, [
      ...nearnessLines(metrics),
      ...sizeLines(metrics),
      `trained ${metrics.steps} steps in ${duration(metrics.seconds)}, ${metrics.tokensPerSecond} tokens/s`,
      ...(memory === undefined ? [] : [`peak memory ${Math.round(memory / 2 ** 20)} MiB`]),
      `saved in ${given.out}`,
    ]);
    model.close();
    return undefined;
  },
};

/** How near the student is to its teacher. */
function nearnessLines(metrics: DistillMetrics): string[] {
  const { n, loss, cosine, matched, agreement, metric, rows, score, teacherScore, kept } = metrics;
  const agreed = Object.entries({ cosine, matched, agreement }).filter(([, value]) => value !== undefined);
  const held = [`loss ${loss.toFixed(4)}`, ...agreed.map(([name, value]) => `${name} ${value!.toFixed(4)}`)];
  return [
    `held out, ${n}: ${held.join(", ")}`,
    ...(metric === undefined
      ? []
      : [
          `${metric} on ${rows} rows: student ${score!.toFixed(4)}, teacher ${teacherScore!.toFixed(4)}; ${(100 * kept!).toFixed(1)} % kept`,
        ]),
  ];
}

/** How small and fast it is. */
function sizeLines(metrics: DistillMetrics): string[] {
  const { parameters, teacherParameters, bytes, teacherBytes, textsPerSecond, teacherTextsPerSecond } = metrics;
  const share = (a: number, b: number) => `${((100 * a) / b).toFixed(0)} %`;
  return [
    `parameters: student ${millions(parameters)}, teacher ${millions(teacherParameters)} (${share(parameters, teacherParameters)}); ` +
      `as f32 ${megabytes(bytes)} and ${megabytes(teacherBytes)}`,
    `texts per second: student ${textsPerSecond}, teacher ${teacherTextsPerSecond} (${(textsPerSecond / teacherTextsPerSecond).toFixed(1)} times as many)`,
  ];
}

const millions = (count: number): string =>
  count < 1e5 ? count.toLocaleString("en") : `${(count / 1e6).toFixed(1)} million`;

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
