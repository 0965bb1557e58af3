import { ConfigError } from "../errors.js";
import { saveFolder } from "../io/files.js";
import { type TensorSource, writeSafetensors } from "../io/safetensorsWriter.js";
import { type HeadName, heads } from "../nn/heads/index.js";
import type { ParameterStore } from "../nn/parameters.js";
import { ropeTable } from "../nn/ropeTable.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import type { RoFormerConfig } from "./config.js";
import { families, parts, savedModelType } from "./families.js";

/** What a saved model is made of. */
export interface SavedModel {
  readonly config: RoFormerConfig;
  readonly head: HeadName;
  readonly store: ParameterStore;
  readonly tokenizer: Tokenizer | undefined;
}

/** What readers would take for the weights' if another model had been saved here in parts. */
const INDEX = ["model.safetensors.index.json"];
/** The files of all kinds of tokenizers: those of another one would stay beside the model's own. */
const TOKENIZERS = [
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"],
  ...["vocab.txt", "vocab.json", "merges.txt"],
];

/** Writes a Hugging Face folder, with `extra` files, whole or not at all; an older model's files do not outlive it. */
export async function saveModel(
  path: string,
  model: SavedModel,
  extra: ReadonlyMap<string, string | Uint8Array>,
): Promise<void> {
  if (model.store.isInt8) throw new ConfigError("int8 weights cannot be saved: save the model they were made from");
  const stale = model.tokenizer ? [...INDEX, ...TOKENIZERS] : INDEX;
  const files = new Map<string, string | Uint8Array | Iterable<Uint8Array> | null>(stale.map((name) => [name, null]));
  for (const [name, content] of extra) files.set(name, content);
  files.set("config.json", configJson(model.config, model.head));
  files.set("model.safetensors", writeSafetensors(tensors(model)));
  for (const [name, bytes] of model.tokenizer?.files() ?? []) files.set(name, bytes);
  await saveFolder(path, files);
}

/** `config.json` as Hugging Face writes it: every field that is set, sorted by name. */
export function configJson(config: RoFormerConfig, head: HeadName): string {
  const model_type = savedModelType(config);
  const { className } = families[model_type];
  const { position, attention, family } = parts(config);
  const { roformer_js, ...rest } = { ...config, model_type, architectures: [className + heads[head].architecture] };
  const ours = {
    ...roformer_js,
    ...(position !== family.position && { position }),
    ...(attention !== "softmax" && { attention }),
  };
  const fields: Record<string, unknown> = { ...rest, ...(Object.keys(ours).length > 0 && { roformer_js: ours }) };
  // Hugging Face derives the number of labels from their names.
  if (fields.id2label) delete fields.num_labels;
  const names = Object.keys(fields).filter((name) => fields[name] !== null && fields[name] !== undefined);
  return `${JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, fields[name]])), null, 2)}\n`;
}

function tensors({ config, head, store }: SavedModel): TensorSource[] {
  const own = store.parameters.map((one) => ({ name: one.name, shape: one.shape, read: () => one.read() }));
  return savedModelType(config) === "roformer" ? [...own, sinusoids(config, head)] : own;
}

/**
 * The table that Hugging Face's RoFormer keeps as a tensor, `[max_position_embeddings, D]`: sines in the first half of each
 * row, cosines in the second. It is derived, and never read here.
 */
function sinusoids(config: RoFormerConfig, head: HeadName): TensorSource {
  const [rows, D] = [config.max_position_embeddings, config.hidden_size / config.num_attention_heads];
  const prefix = head === "base" ? "" : `${families.roformer.prefix}.`;
  const read = () => {
    const { sin, cos } = ropeTable({ headSize: D, positions: Array.from({ length: rows }, (_, p) => p) });
    const table = new Float32Array(rows * D);
    for (let p = 0; p < rows; p++) {
      table.set(sin.subarray((p * D) / 2, ((p + 1) * D) / 2), p * D);
      table.set(cos.subarray((p * D) / 2, ((p + 1) * D) / 2), p * D + D / 2);
    }
    return table;
  };
  return { name: `${prefix}encoder.embed_positions.weight`, shape: [rows, D], read };
}
