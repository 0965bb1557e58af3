import * as v from "valibot";
import { type Files, fileName } from "../../io/files.js";
import { isTransformer, type ModuleEntry } from "../../io/modules.js";
import type { SentenceModule } from "./features.js";
import { count, optional, readFields } from "./file.js";
import { moduleFiles, readModule } from "./modules.js";
import { type Pooling, type PoolingModule, pooling } from "./pooling.js";

/** What a sentence-transformers folder says of how its texts become vectors. */
export interface SentenceSettings {
  /** The classes of its modules, in their order: "Transformer", "Pooling", "Dense", "Normalize". */
  readonly modules: readonly string[];
  /** How token states become one vector: one way, or several whose vectors stand end to end; undefined where that is not known. */
  readonly pooling: Pooling | readonly Pooling[] | undefined;
  /** Whether the last module scales vectors to length 1. */
  readonly normalize: boolean;
  /** Tokens that a text is cut to, its prompt included; undefined where no file says. */
  readonly maxLength: number | undefined;
  /** Whether texts are put into lower case before they are encoded. */
  readonly lowerCase: boolean;
  /** Texts to put before others, by name. */
  readonly prompts: Readonly<Record<string, string>>;
  /** The prompt of texts for which none is named; undefined: none. */
  readonly defaultPromptName: string | undefined;
  /** Numbers of a vector that are kept, the first ones; undefined: all. */
  readonly truncateDim: number | undefined;
  /** How vectors are compared: "cosine", "dot", "euclidean" or "manhattan"; undefined where no file says. */
  readonly similarityFnName: string | undefined;
  /** Why the folder's vectors cannot be computed; undefined where they can. */
  readonly problem: string | undefined;
}

/** A sentence-transformers folder that was read. */
export interface SentenceModel {
  readonly settings: SentenceSettings;
  /** What makes vectors of token states, in its order; empty where there is a problem. */
  readonly modules: readonly SentenceModule[];
  /** The folder's files beside the transformer's, for a copy. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Names of the transformer's settings, of which the first file counts that says anything. */
const SETTINGS_FILES = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"].map(
  (name) => `sentence_${name}_config.json`,
);
const MODEL_FILE = "config_sentence_transformers.json";

/** Files of sentence-transformers in a model's own folder: those of an older model must not outlive it. */
export const SENTENCE_FILES = ["modules.json", MODEL_FILE, ...SETTINGS_FILES];

const tokenizerArguments = optional(v.looseObject({ model_max_length: optional(count) }));
const callArguments = optional(v.looseObject({ max_length: optional(count) }));
const method = v.looseObject({ method: optional(v.string()), method_output_name: v.optional(v.unknown()) });
const transformerSchema = v.looseObject({
  max_seq_length: optional(count),
  do_lower_case: optional(v.boolean()),
  tokenizer_args: tokenizerArguments,
  processor_kwargs: tokenizerArguments,
  processing_kwargs: optional(v.looseObject({ common: callArguments, text: callArguments })),
  transformer_task: optional(v.string()),
  modality_config: optional(v.looseObject({ text: optional(method) })),
  module_output_name: optional(v.string()),
});
const modelSchema = v.looseObject({
  model_type: optional(v.string()),
  prompts: optional(v.record(v.string(), optional(v.string()))),
  default_prompt_name: optional(v.string()),
  truncate_dim: optional(count),
  similarity_fn_name: optional(v.string()),
});

/**
 * Reads what stands beside a sentence-transformers model's transformer, which is in `folder`. Errors: ConfigError and
 * CheckpointError for broken files; what is whole and cannot be computed is a `problem`.
 */
export async function readSentences(
  files: Files,
  folder: Files,
  entries: readonly ModuleEntry[],
): Promise<SentenceModel> {
  const held = new Map<string, Uint8Array>([["modules.json", await modulesFile(files, entries)]]);
  const transformer = await transformerSettings(folder, held);
  const hasModel = await files.has(MODEL_FILE);
  if (hasModel) held.set(MODEL_FILE, await files.read(MODEL_FILE));
  const model = hasModel ? await readFields(files, MODEL_FILE, modelSchema) : {};
  const read = await readChain(files, entries, transformer, model.model_type ?? undefined);
  for (const entry of entries.filter((one) => !isTransformer(one)))
    for (const [name, bytes] of await moduleFiles(files, entry)) held.set(name, bytes);
  const modules = typeof read === "string" ? [] : read;
  const calls = transformer.processing_kwargs;
  const opened = transformer.processor_kwargs ?? transformer.tokenizer_args;
  // The most particular one counts, as in sentence-transformers. Python writes 10³⁰ for no limit.
  const lengths = [calls?.common?.max_length, calls?.text?.max_length, opened?.model_max_length];
  return {
    modules,
    files: held,
    settings: {
      modules: entries.map(({ name }) => name),
      pooling: poolingOf(modules),
      normalize: modules.at(-1)?.name === "Normalize",
      maxLength: [...lengths, transformer.max_seq_length].find((length) => Number.isSafeInteger(length)) ?? undefined,
      lowerCase: transformer.do_lower_case ?? false,
      prompts: promptsOf(model.prompts ?? {}),
      defaultPromptName: model.default_prompt_name ?? undefined,
      truncateDim: model.truncate_dim ?? undefined,
      similarityFnName: model.similarity_fn_name ?? undefined,
      problem: typeof read === "string" ? read : undefined,
    },
  };
}

type TransformerSettings = v.InferOutput<typeof transformerSchema>;

async function transformerSettings(folder: Files, held: Map<string, Uint8Array>): Promise<TransformerSettings> {
  for (const name of SETTINGS_FILES) {
    if (!(await folder.has(name))) continue;
    const settings = await readFields(folder, name, transformerSchema);
    held.set(name, await folder.read(name));
    if (Object.keys(settings).length > 0) return settings;
  }
  return {};
}

/** The file for a copy, in which the transformer is in the model's own folder. */
async function modulesFile(files: Files, entries: readonly ModuleEntry[]): Promise<Uint8Array> {
  const bytes = await files.read("modules.json");
  if (!entries.some((entry) => isTransformer(entry) && entry.path !== "")) return bytes;
  const list = JSON.parse(new TextDecoder().decode(bytes)) as object[];
  const moved = list.map((entry, i) => (isTransformer(entries[i]!) ? { ...entry, path: "" } : entry));
  return new TextEncoder().encode(`${JSON.stringify(moved, null, 2)}\n`);
}

/** The modules behind the transformer, or why they cannot be computed. */
async function readChain(
  files: Files,
  entries: readonly ModuleEntry[],
  transformer: TransformerSettings,
  modelType = "SentenceTransformer",
): Promise<readonly SentenceModule[] | string> {
  const where = fileName(files, "modules.json");
  if (modelType !== "SentenceTransformer") return `${fileName(files, MODEL_FILE)}: model_type is ${modelType}`;
  const [first, ...rest] = entries;
  if (!isTransformer(first!)) return `${where}: the first module is ${first!.name}, not a Transformer`;
  const start = startOf(transformer);
  if (typeof start === "string") return `${where}: ${start}`;
  const modules = [...start];
  for (const entry of rest) {
    const module = await readModule(files, entry);
    if (typeof module === "string") return module;
    if (module.needsVector && !modules.some((one) => one.makesVector))
      return `${where}: ${module.name} comes before any Pooling`;
    modules.push(module);
  }
  return modules.some((one) => one.makesVector) ? modules : `${where}: no module makes a vector of a text`;
}

/** What the transformer gives: token states as they are, or the vector of the model's own pooler. */
function startOf(settings: TransformerSettings): readonly SentenceModule[] | string {
  const task = settings.transformer_task ?? "feature-extraction";
  if (task !== "feature-extraction") return `transformer_task ${task} is not supported`;
  const { modality_config: modes, module_output_name: output } = settings;
  if (!modes) return [];
  if (Object.hasOwn(modes, "message") || modes.text == null) return "its Transformer takes messages, not texts";
  const made = [modes.text.method_output_name].flat().join(".");
  if (made === "last_hidden_state" && output === "token_embeddings") return [];
  if (made === "pooler_output" && output === "sentence_embedding") return [pooling(["pooler"])];
  return `its Transformer makes ${output} of ${made}, which is not supported`;
}

/** The modes of the last pooling. */
function poolingOf(modules: readonly SentenceModule[]): SentenceSettings["pooling"] {
  const last = modules.findLast((one): one is PoolingModule => one.name === "Pooling");
  return last && (last.modes.length === 1 ? last.modes[0] : last.modes);
}

/** "query" and "document" are there always, as in sentence-transformers; they say nothing unless the file has them. */
const promptsOf = (prompts: Readonly<Record<string, string | null | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries({ query: "", document: "", ...prompts }).map(([name, text]) => [name, text ?? ""]));
