import { ConfigError, DataError } from "../errors.js";
import { type FileSource, type Files, isFile } from "../io/files.js";
import { holdsWeights, openWeightFile, openWeights } from "../io/formats.js";
import { SCALE } from "../io/int8.js";
import { transformerFiles } from "../io/modules.js";
import type { StoredTensor, Weights } from "../io/weights.js";
import { readWhole } from "../io/whole.js";
import { totalSize } from "../tensor/tensor.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import type { RoFormerConfig } from "./config.js";
import { readConfig } from "./load.js";

/** What stands in a model's folder, or in a file of weights. */
export interface Inspection {
  /** The configuration; absent for a file, and where it cannot be used. */
  readonly config?: RoFormerConfig;
  /** Why there is no configuration, where it cannot be used. */
  readonly configProblem?: string;
  /** Numbers in all tensors of floating-point numbers, and of bytes with scales, which do not count. */
  readonly parameters: number;
  /** The tensors, in the files' order. */
  readonly tensors: readonly InspectedTensor[];
  /** The tokenizer, if the folder has one. */
  readonly tokenizer?: InspectedTokenizer;
}

/** A tensor in a file, with its name there. */
export interface InspectedTensor extends StoredTensor {
  /** Its name in the file. */
  readonly name: string;
}

/** What stands in a tokenizer's files. */
export interface InspectedTokenizer {
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** Tokens that its model takes; undefined where no file says. */
  readonly modelMaxLength: number | undefined;
}

/**
 * Looks into a folder (path, URL, `hf:owner/name`, files by name) or into one file of weights, whose numbers it does not read.
 * Errors: DataError for what is not such a file, CheckpointError for weights that cannot be read.
 */
export async function inspect(source: FileSource): Promise<Inspection> {
  const file = typeof source === "string" ? /^(.*?)([^/\\]+\.(?:safetensors|bin))$/.exec(source) : null;
  if (file) return tensorsOf(await readWhole(file[1] || ".", {}, (files) => openWeightFile(files, file[2]!)));
  if (typeof source === "string" && (await isFile(source)))
    throw new DataError(`${source} is a file, and neither .safetensors nor .bin`);
  return readWhole(source, {}, async (files) => inspectFiles(await transformerFiles(files)));
}

async function inspectFiles(files: Files): Promise<Inspection> {
  const config = await readConfig(files).then(
    (config) => ({ config }),
    (error: unknown) => {
      if (error instanceof ConfigError) return { configProblem: error.message };
      throw error;
    },
  );
  const tokenizer = (await Tokenizer.isIn(files)) ? await Tokenizer.load(files) : undefined;
  return {
    ...config,
    ...tensorsOf(await weightsIn(files)),
    ...(tokenizer && { tokenizer: { vocabSize: tokenizer.vocabSize, modelMaxLength: tokenizer.modelMaxLength } }),
  };
}

/** A folder's weights, or those of its adapter. */
async function weightsIn(files: Files): Promise<Weights> {
  if ((await holdsWeights(files)) || !(await files.has("adapter_config.json"))) return openWeights(files);
  const { openAdapterWeights } = await import("./lora/read.js");
  return (await openAdapterWeights(files)).weights;
}

function tensorsOf({ tensors }: Weights): Pick<Inspection, "parameters" | "tensors"> {
  const all = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  // Integers are positions and the like, unless they have scales.
  const scales = new Set(all.flatMap(({ name, dtype }) => (dtype === "I8" ? [name + SCALE] : [])));
  const numbers = all.filter(
    ({ name, dtype }) => (/^(F|BF)/.test(dtype) && !scales.has(name)) || (dtype === "I8" && tensors.has(name + SCALE)),
  );
  const parameters = totalSize(numbers);
  if (!Number.isSafeInteger(parameters)) throw new DataError("the tensors have more numbers than can be counted");
  return { parameters, tensors: all };
}
