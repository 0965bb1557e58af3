import { checkFile, saveFile } from "../../io/files.js";
import { writeNpy } from "../../io/npy.js";
import { type EmbedOptions, POOLINGS } from "../../pipelines/embed.js";
import { type CommandSpec, UsageError } from "../command.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { flag, listOf, type OptionSpec, path, text, whole } from "../option.js";
import { print } from "../output.js";
import { readGroups, textOptions } from "../textInputs.js";

/** Options of commands that compute vectors. */
export const vectorOptions: readonly OptionSpec[] = [
  {
    flags: "--pooling <ways>",
    help: `pooling of token states: ${POOLINGS.join(", ")}, or several separated by commas (default: as the model's files say, else mean)`,
    parse: listOf(POOLINGS),
  },
  { flags: "--normalize", help: "scale vectors to length 1", parse: flag, isFlag: true },
  { flags: "--prompt <text>", help: "prefix of each text", parse: text },
  {
    flags: "--prompt-name <name>",
    help: "name of a prompt of the model's files, as prefix of each text (default: as they say)",
    parse: text,
  },
  {
    flags: "--truncate-dim <n>",
    help: "keep only this many leading numbers of each vector (default: as the model's files say, else all)",
    parse: whole(1),
  },
];

/** The given options among some. */
export const given = (options: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));

/** The values of {@link vectorOptions}. */
export const vectorSettings = (options: Record<string, unknown>): EmbedOptions =>
  given(options, ["pooling", "normalize", "prompt", "promptName", "truncateDim"]);

const outOption: OptionSpec = {
  flags: "--out <file>",
  help: "write the vectors to a .npy or .jsonl file instead of printing them",
  parse: path,
};

/** Embeds texts. */
export const embed: CommandSpec = {
  name: "embed",
  summary: "turn texts into vectors: arguments, a file, or lines of standard input (-)",
  words: "[texts...]",
  options: [...modelOptions, ...textOptions, ...vectorOptions, outOption],
  required: ["model"],
  async run(call) {
    const { options, out } = call;
    const file = options.out as string | undefined;
    if (file !== undefined && !/\.(npy|jsonl)$/.test(file))
      throw new UsageError(`--out ${file} must end in .npy or .jsonl`);
    if (file !== undefined) await checkFile(file);
    const json = (vector: Float32Array) => JSON.stringify({ embedding: [...vector] });
    const vectors: Float32Array[] = [];
    const groups = await readGroups("embed", options, call.words, call.signal);
    await withModel(call, { head: "base" }, async (model, settings) => {
      for await (const { texts, where } of groups) {
        const found = await model.embed(texts, { ...settings, where, ...vectorSettings(options) });
        if (file === undefined) await print(found.map((vector) => (out.json ? json(vector) : vector.join(" "))));
        else vectors.push(...found);
      }
    });
    if (file === undefined) return undefined;
    const lines = new TextEncoder().encode(vectors.map((vector) => `${json(vector)}\n`).join(""));
    await saveFile(file, file.endsWith(".npy") ? writeNpy(vectors) : lines);
    const report = { texts: vectors.length, width: vectors[0]?.length ?? 0, out: file };
    await out.result(report, [`${report.texts} vectors of ${report.width} numbers in ${file}`]);
    return undefined;
  },
};
