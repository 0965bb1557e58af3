import { CheckpointError, DataError } from "../errors.js";
import { type Files, fileName, hubHint } from "./files.js";
import { openSafetensors } from "./safetensors.js";
import { sharded } from "./sharded.js";
import type { OpenWeights, Weights } from "./weights.js";

/** The parsers are loaded with the first file that needs them. */
const openTorch: OpenWeights = async (files, file) => (await import("./torch.js")).openTorch(files, file);

/** Hugging Face's names of weight files, by precedence: the first one found is read. */
const FORMATS: readonly (readonly [file: string, open: OpenWeights])[] = [
  ["model.safetensors", openSafetensors],
  ["model.safetensors.index.json", sharded(openSafetensors)],
  ["pytorch_model.bin", openTorch],
  ["pytorch_model.bin.index.json", sharded(openTorch)],
];

/** Opens one file of weights; its extension selects the format: `.safetensors` or `.bin`. */
export const openWeightFile: OpenWeights = async (files, file) => {
  if (!(await files.has(file)))
    throw new CheckpointError(`${fileName(files, file)}: no such file`, { reason: "not-found" });
  return file.endsWith(".bin") ? openTorch(files, file) : openSafetensors(files, file);
};

/** Whether a folder has the weights of a whole model. */
export async function holdsWeights(files: Files): Promise<boolean> {
  for (const [file] of FORMATS) if (await files.has(file)) return true;
  return false;
}

/** Opens a folder's weights in any supported format. Errors: CheckpointError if there are none, DataError for an empty folder. */
export async function openWeights(files: Files): Promise<Weights> {
  for (const [file, open] of FORMATS) if (await files.has(file)) return open(files, file);
  const held = await files.list();
  if (held?.length === 0)
    if (held?.length === 0)
      throw new DataError(`${files.name}: the folder is missing or empty${await hubHint(files)}`, {
        reason: "not-found",
      });
  const holds = held === undefined ? "" : `; it holds ${held.slice(0, 8).join(", ")}`;
  throw new CheckpointError(
    `${files.name || "the files given"}: there is none of ${FORMATS.map(([file]) => file).join(", ")}${holds}`,
    { reason: "not-found" },
  );
}
