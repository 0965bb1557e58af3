import { convert as write } from "../../models/convert.js";
import { CONVERT } from "../../models/options.js";
import { heads } from "../../nn/heads/index.js";
import { pick } from "../../options.js";
import { type CommandSpec, UsageError } from "../command.js";
import { modelSource } from "../modelSource.js";
import { type OptionSpec, oneOf, whole } from "../option.js";

const options: readonly OptionSpec[] = [
  {
    flags: "--dtype <type>",
    help: "type of the numbers: f32, f16, bf16, int8 (default: f32)",
    parse: oneOf(["f32", "f16", "bf16", "int8"]),
  },
  { flags: "--to <format>", help: "format of the weights: safetensors", parse: oneOf(["safetensors"]) },
  {
    flags: "--max-shard-bytes <bytes>",
    help: "divide the weights into files of at most this size",
    parse: whole(1),
  },
  {
    flags: "--rope <order>",
    help: "order of the rotated pairs: interleaved (RoFormer) or half (Llama's family)",
    parse: oneOf(["interleaved", "half"]),
  },
  {
    flags: "--from <family>",
    help: "bert: convert a BERT to a RoFormer, without its learned positions",
    parse: oneOf(["bert"]),
  },
  {
    flags: "--head <name>",
    help: `what the new model computes: ${Object.keys(heads).join(", ")}`,
    parse: oneOf(Object.keys(heads)),
  },
];

/** Converts a model. */
export const convert: CommandSpec = {
  name: "convert",
  summary: "convert a model: number type, shards, safetensors, rotary pairs, RoFormer from BERT",
  words: "[in-out...]",
  options,
  required: [],
  async run(call) {
    const { options: given, words, out } = call;
    const [from, to] = words;
    if (words.length !== 2) throw new UsageError("convert needs two folders: IN OUT");
    const done = await write(modelSource(from!, call), to!, pick(given, CONVERT));
    await out.result(done, [
      `${to}: ${done.modelType} with the head ${done.head}, ${done.parameters.toLocaleString("en")} numbers of ${done.dtype}`,
      ...(done.dropped.length > 0 ? [`dropped: ${done.dropped.join(", ")}`] : []),
      ...(done.reordered.length > 0 ? [`reordered rows: ${done.reordered.length} tensors of queries and keys`] : []),
    ]);
    return undefined;
  },
};
