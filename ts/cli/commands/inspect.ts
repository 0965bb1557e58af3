import { type Inspection, inspect as look } from "../../models/inspect.js";
import { type CommandSpec, UsageError } from "../command.js";
import { modelSource } from "../modelSource.js";

/** Shows the contents of a model. */
export const inspect: CommandSpec = {
  name: "inspect",
  summary: "show what a model folder or a file of weights contains",
  words: "[path...]",
  options: [],
  required: [],
  async run(call) {
    const { words, out } = call;
    if (words.length !== 1)
      throw new UsageError("inspect needs one path: of a folder, or of a .safetensors or .bin file");
    const found = await look(modelSource(words[0]!, call));
    await out.result(found, lines(found));
    return undefined;
  },
};

function lines({ config, configProblem, parameters, tensors, tokenizer }: Inspection): string[] {
  const width = Math.max(0, ...tensors.map(({ name }) => name.length));
  const fields = Object.entries(config ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return [
    ...fields.map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`),
    ...(configProblem === undefined ? [] : [`config: ${configProblem}`]),
    ...(tokenizer ? [`tokenizer: ${tokenizer.vocabSize} tokens`] : []),
    `parameters: ${parameters.toLocaleString("en")}`,
    ...tensors.map(({ name, dtype, shape }) => `  ${name.padEnd(width)}  ${dtype.padEnd(4)}  [${shape.join(", ")}]`),
  ];
}
