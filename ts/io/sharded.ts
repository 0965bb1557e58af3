import { CheckpointError } from "../errors.js";
import { type Files, fileName, isInside } from "./files.js";
import { decodeStrictJson } from "./strictJson.js";
import { type OpenWeights, quote, type StoredTensor, type Weights } from "./weights.js";

/** Maximum size of an index in bytes: room for 100,000 tensors. */
const LONGEST_INDEX = 20_000_000;

/**
 * A reader of sharded weights: an index lists the files, each of which `open` opens: `{"weight_map": {tensor: file}}`
 * (huggingface.co/docs/transformers/big_models). Only files inside the folder are opened; other names are a CheckpointError.
 */
export function sharded(open: OpenWeights): OpenWeights {
  return async (files, index) => {
    const name = fileName(files, index);
    const places = await readIndex(files, index);
    const shards = new Map<string, Weights>();
    for (const shard of new Set(places.values())) {
      if (!(await files.has(shard)))
        throw new CheckpointError(`${name}: there is no file ${quote(shard)}`, { reason: "not-found" });
      shards.set(shard, await open(files, shard));
    }
    const tensors = new Map<string, StoredTensor>();
    for (const [tensor, shard] of places) {
      const found = shards.get(shard)!.tensors.get(tensor);
      if (found === undefined)
        throw new CheckpointError(`${name}: tensor ${quote(tensor)} is not in ${quote(shard)}, where it should be`);
      tensors.set(tensor, found);
    }
    const pieces = (tensor: string, bytes?: boolean) => {
      const shard = shards.get(places.get(tensor) ?? "");
      if (shard === undefined) throw new CheckpointError(`${name}: tensor ${quote(tensor)} is not there`);
      return shard.pieces(tensor, bytes);
    };
    return { name, tensors, pieces };
  };
}

/** The file of each tensor. */
async function readIndex(files: Files, index: string): Promise<Map<string, string>> {
  const name = fileName(files, index);
  const size = await files.size(index);
  if (size > LONGEST_INDEX) throw new CheckpointError(`${name} has ${size} bytes, more than ${LONGEST_INDEX}`);
  const json = decodeStrictJson(await files.read(index), name, CheckpointError);
  const map = json instanceof Map ? json.get("weight_map") : undefined;
  if (!(map instanceof Map)) throw new CheckpointError(`${name}: weight_map is missing or not an object`);
  for (const [tensor, shard] of map) {
    if (typeof shard !== "string" || !isInside(shard)) {
      const got = typeof shard === "string" ? quote(shard) : "not a string";
      throw new CheckpointError(
        `${name}: tensor ${quote(tensor)} is in ${got}, which is not the name of a file in this folder`,
      );
    }
  }
  return map as Map<string, string>;
}
