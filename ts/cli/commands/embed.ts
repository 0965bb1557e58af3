import { saveFile } from "../../io/files.js";
import { writeNpy } from "../../io/npy.js";
import { type EmbedOptions, POOLINGS } from "../../pipelines/embed.js";
import { type CommandSpec, UsageError } from "../command.js";
import { modelOptions, withModel } from "../modelOptions.js";
import { flag, type OptionSpec, oneOf, path } from "../option.js";
import { print } from "../output.js";
import { readGroups, textOptions } from "../textInputs.js";

/** Options of commands that make vectors. */
export const poolingOptions: readonly OptionSpec[] = [
  {
    flags: "--pooling <way>",
    help: `how tokens become one vector: ${POOLINGS.join(", ")} (default: as the model's files say, else mean)`,
    parse: oneOf(POOLINGS),
  },
  { flags: "--normalize", help: "scale vectors to length 1", parse: flag, isFlag: true },
];

/** What {@link poolingOptions} say. */
export function poolingOf({
  pooling,
  normalize,
}: Record<string, unknown>): Pick<EmbedOptions, "pooling" | "normalize"> {
  return { ...(pooling !== undefined && { pooling }), ...(normalize === true && { normalize }) } as EmbedOptions;
}

const outOption: OptionSpec = {
  flags: "--out <file>",
  help: "write the vectors to a .npy or .jsonl file instead of printing them",
  parse: path,
};

/** Turns texts to vectors. */
export const embed: CommandSpec = {
  name: "embed",
  summary: "turn texts to vectors: those given, those of a file, or lines of standard input (-)",
  words: "[texts...]",
  options: [...modelOptions, ...textOptions, ...poolingOptions, outOption],
  required: ["model"],
  async run(call) {
    const { options, out } = call;
    const file = options.out as string | undefined;
    if (file !== undefined && !/\.(npy|jsonl)$/.test(file))
      throw new UsageError(`--out ${file} ends neither in .npy nor in .jsonl`);
    const json = (vector: Float32Array) => JSON.stringify({ embedding: [...vector] });
    const vectors: Float32Array[] = [];
    const groups = await readGroups("embed", options, call.words, call.signal);
    await withModel(call, { head: "base" }, async (model, settings) => {
      for await (const { texts } of groups) {
        const found = await model.embed(texts, { ...settings, ...poolingOf(options) });
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
