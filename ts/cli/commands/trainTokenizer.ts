import { dirname } from "node:path";
import { type FileOptions, readRows } from "../../data/rows.js";
import { textOf } from "../../data/values.js";
import { checkFile, saveFile, saveFolder } from "../../io/files.js";
import { checkModelFolder, requireNoModel, requireReplaceable, TOKENIZERS } from "../../models/modelFolder.js";
import type { Content } from "../../platform/index.js";
import type { Tokenizer } from "../../tokenizers/tokenizer.js";
import { type TrainTokenizerOptions, tokenizerKinds, trainTokenizer as train } from "../../tokenizers/train.js";
import { duration } from "../../train/inWords.js";
import type { CommandSpec } from "../command.js";
import { dataSource, fileOptions } from "../dataOptions.js";
import { type OptionSpec, oneOf, path, paths, text, whole, yesOrNo } from "../option.js";
import type { Output } from "../output.js";

const options: readonly OptionSpec[] = [
  { flags: "--data <files...>", help: "texts to train on, one or several files", parse: paths },
  { flags: "--text <column>", help: "column of the texts (default: text)", parse: text },
  ...fileOptions,
  { flags: "--kind <name>", help: `kind of tokenizer: ${tokenizerKinds.join(", ")}`, parse: oneOf(tokenizerKinds) },
  { flags: "--vocab-size <number>", help: "vocabulary size (default: 30000)", parse: whole(1) },
  {
    flags: "--min-frequency <number>",
    help: "minimum occurrences of a pair to become a token (default: 2)",
    parse: whole(0),
  },
  {
    flags: "--lowercase <yes|no>",
    help: "whether to lowercase text (default: yes for wordpiece, otherwise no)",
    parse: yesOrNo,
  },
  { flags: "--out <path>", help: "output: a file NAME.json, or a folder", parse: path },
];

/** Trains a tokenizer. */
export const trainTokenizer: CommandSpec = {
  name: "train-tokenizer",
  summary: "train a tokenizer on texts",
  options,
  required: ["data", "kind", "out"],
  async run({ options: given, out, signal }) {
    const started = performance.now();
    const { kind, vocabSize, minFrequency, lowercase } = given as unknown as TrainTokenizerOptions;
    await check(given.out as string);
    const lines = texts(given, out, signal);
    const tokenizer = await train({ kind, lines, vocabSize, minFrequency, lowercase, signal });
    await save(tokenizer, given.out as string);
    const seconds = (performance.now() - started) / 1000;
    const result = { vocabSize: tokenizer.vocabSize, kind, seconds: Math.round(seconds * 1000) / 1000 };
    await out.result(result, [`${result.vocabSize} entries in ${duration(seconds)}`, `saved in ${given.out}`]);
    return undefined;
  },
};

/** The texts of all files, one after another. */
async function* texts(given: Record<string, unknown>, out: Output, signal: AbortSignal): AsyncGenerator<string> {
  const column = (given.text as string | undefined) ?? "text";
  let count = 0;
  for (const file of given.data as string[]) {
    const { format = file === "-" ? "txt" : undefined, separator, quoted } = given as FileOptions;
    for await (const row of readRows(dataSource(file, signal), { columns: [column], format, separator, quoted })) {
      count++;
      yield textOf(row, column);
    }
  }
  out.say(`read ${count} texts`);
}

const isFile = (target: string): boolean => target.endsWith(".json");

/** Checks before training that the tokenizer can be saved. The files depend on the kind; all kinds have these. */
async function check(target: string): Promise<void> {
  await requireNoModel(isFile(target) ? dirname(target) : target);
  if (isFile(target)) await checkFile(target);
  else await checkModelFolder(target, ["tokenizer.json", "tokenizer_config.json"]);
}

async function save(tokenizer: Tokenizer, target: string): Promise<void> {
  const files = tokenizer.files();
  if (isFile(target)) return saveFile(target, files.get("tokenizer.json")!);
  // Files of an earlier tokenizer would be read together with this one's.
  const stale = TOKENIZERS.map((name) => [name, null] as const);
  return saveFolder(target, new Map<string, Content | null>([...stale, ...files]), {
    check: () => requireReplaceable(target, [...files.keys()]),
  });
}
