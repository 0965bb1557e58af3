import { ConfigError } from "../../errors.js";
import { writeSafetensors } from "../../io/safetensorsWriter.js";
import type { RoFormerConfig } from "../../models/config.js";
import type { ModelType } from "../../models/families/index.js";
import { classOf, families, parts } from "../../models/families.js";
import type { Model } from "../../models/model.js";
import { blobOf } from "../../models/save.js";
import { isTrainable, meanSentenceModel } from "../../models/sentences/trained.js";
import { RoFormer } from "../../roformer.js";
import { prunedTokenizer } from "../../tokenizers/prune.js";
import type { Basis } from "./basis.js";
import { folded, resized, type Sizes, type Values } from "./weights.js";

/** What a student is made from, beside its teacher. */
export interface StudentPlan {
  /** Numbers of the teacher's layers that are kept, ascending. */
  readonly layers: readonly number[];
  readonly position: "rotary" | "learned";
  /** Old ids of the vocabulary, ascending; undefined where all stay. */
  readonly kept: Int32Array | undefined;
  /** The width; the teacher's, or less. */
  readonly width: number;
  /** Directions of the teacher's states that stay, for a smaller width. */
  readonly basis: Basis | undefined;
  readonly dropout: number;
  /** Whether the student makes text vectors. */
  readonly makesVectors: boolean;
}

/** The families whose layers are BERT's. */
const BERTS: readonly ModelType[] = ["bert", "roformer", "roformer_js"];

const isRotary = (config: RoFormerConfig): boolean => parts(config).position.startsWith("rotary");

/** Refuses a student that the teacher cannot have. Errors: ConfigError. */
export function checkStudent(
  { config, head }: Model,
  { width, position }: { readonly width: number | undefined; readonly position: "rotary" | "learned" },
): void {
  const { model_type, hidden_size, num_attention_heads } = config;
  if (!BERTS.includes(model_type))
    throw new ConfigError(`distill: the teacher's model_type is ${model_type}; expected ${BERTS.join(", ")}`);
  const own = parts(config).position;
  if (position === "learned" && own !== "learned")
    throw new ConfigError(`position is "learned", which keeps a teacher's; this one has ${own} positions`);
  if (head === "multiple-choice" && model_type === "bert" && position === "rotary")
    throw new ConfigError(
      "distill: BERT's head for multiple choice differs from RoFormer's: set position to \"learned\"",
    );
  if (width === undefined) return;
  const size = hidden_size / num_attention_heads;
  if (width > hidden_size) throw new ConfigError(`width is ${width}; expected at most ${hidden_size}, the teacher's`);
  if (width % size !== 0)
    throw new ConfigError(`width is ${width}; expected a multiple of ${size}, the size of the teacher's heads`);
}

/** A student with the weights that its teacher lends it, in its own memory. Errors: those of `RoFormer.load`. */
export async function createStudent(teacher: RoFormer, plan: StudentPlan): Promise<RoFormer> {
  const files = new Map<string, Blob>();
  const add = (all: Iterable<readonly [string, Uint8Array]>) => {
    for (const [name, bytes] of all) files.set(name, new Blob([bytes as Uint8Array<ArrayBuffer>]));
  };
  const config = configOf(teacher, plan);
  if (plan.makesVectors) add(sentenceFiles(teacher, plan.width));
  const tokenizer = teacher.tokenizer!;
  add((plan.kept ? await prunedTokenizer(tokenizer, plan.kept) : tokenizer).files());
  add([["config.json", new TextEncoder().encode(JSON.stringify(config))]]);
  files.set("model.safetensors", await blobOf(writeSafetensors(tensorsOf(teacher, config, plan))));
  return RoFormer.load(files, { head: teacher.head });
}

function configOf({ config, head, tokenizer }: RoFormer, plan: StudentPlan): RoFormerConfig {
  const { layers, kept, width, dropout, position } = plan;
  const { hidden_size, num_attention_heads, intermediate_size, embedding_size, roformer_js, ...rest } = config;
  const becomesRotary = position === "rotary" && !isRotary(config);
  const { position: _, ...ours } = roformer_js ?? {};
  const model_type = becomesRotary ? "roformer" : config.model_type;
  const fields: Record<string, unknown> = {
    ...rest,
    ...{ model_type, architectures: [classOf(families[model_type], head)] },
    ...{ num_hidden_layers: layers.length, hidden_size: width },
    num_attention_heads: (num_attention_heads * width) / hidden_size,
    intermediate_size: Math.round((intermediate_size * width) / hidden_size),
    embedding_size: (embedding_size ?? hidden_size) === hidden_size ? undefined : embedding_size,
    roformer_js: becomesRotary ? (Object.keys(ours).length > 0 ? ours : undefined) : roformer_js,
    ...{ hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout, classifier_dropout: undefined },
    ...(kept && { vocab_size: kept.length, ...newIds(config, kept) }),
    // What another program measured or named.
    ...{ _name_or_path: undefined, dtype: undefined, torch_dtype: undefined, pruned_heads: undefined },
    ...(becomesRotary && { position_embedding_type: undefined }),
  };
  if (tokenizer!.padTokenId === undefined && kept) fields.pad_token_id = null;
  return fields as unknown as RoFormerConfig;
}

/** Fields that name a token, with its new id; without those that name none any more. */
function newIds(config: RoFormerConfig, kept: Int32Array): Record<string, unknown> {
  const named = Object.entries(config).filter(([name, id]) => name.endsWith("_token_id") && typeof id === "number");
  return Object.fromEntries(
    named.map(([name, id]) => {
      const place = kept.indexOf(id as number);
      return [name, place < 0 ? undefined : place];
    }),
  );
}

/** The files that say how vectors are made: the teacher's if a student can learn with them, else those of a mean of token states. */
function sentenceFiles(teacher: RoFormer, width: number) {
  const { sentenceModel, sentences, trainedLength, config } = teacher;
  if (!sentenceModel || !isTrainable(teacher))
    return meanSentenceModel(width, trainedLength, sentences?.normalize ?? false).files;
  if (width === config.hidden_size) return sentenceModel.files;
  return new Map([...sentenceModel.files].map(([name, bytes]) => [name, withWidth(name, bytes, width)] as const));
}

/** The configuration of a module with another width. */
function withWidth(name: string, bytes: Uint8Array, width: number): Uint8Array {
  if (!name.endsWith("/config.json")) return bytes;
  const fields = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const named = ["word_embedding_dimension", "embedding_dimension"].filter((field) => Object.hasOwn(fields, field));
  for (const field of named) fields[field] = width;
  return new TextEncoder().encode(`${JSON.stringify(fields, null, 2)}\n`);
}

/** The parameters of the student, from the teacher's. */
function tensorsOf(teacher: RoFormer, config: RoFormerConfig, plan: StudentPlan) {
  const [from, to] = [prefixOf(teacher.config, teacher.head), prefixOf(config, teacher.head)];
  const old = new Map(teacher.store.saved.map((one) => [bare(one.name, from), one]));
  const read = (name: string): Values | undefined => {
    const found = old.get(name);
    return found && { shape: found.shape, data: found.read() };
  };
  const becomesRotary = plan.position === "rotary" && !isRotary(teacher.config);
  const fold = becomesRotary
    ? folded(read(WORDS)!, read(TYPES), read(POSITIONS))
    : { words: undefined, types: undefined };
  const sizes: Sizes = {
    vocabulary: plan.kept,
    basis: plan.basis,
    isEmbeddingHidden: config.embedding_size === undefined,
    heads: plan.width,
    inner: config.intermediate_size,
  };
  const names = [...old.keys()].filter(
    (name) => !(becomesRotary && name === POSITIONS) && !(teacher.head === "base" && name.startsWith("pooler.")),
  );
  return names.flatMap((name) => {
    const renamed = nameInStudent(name, plan.layers, becomesRotary && teacher.config.model_type === "bert", teacher);
    if (renamed === undefined) return [];
    const whole = (name === WORDS && fold.words) || (name === TYPES && fold.types) || read(name)!;
    const { shape, data } = resized(name, whole, sizes);
    const numbers = Float32Array.from(data);
    return [{ name: (HEAD.test(renamed) ? "" : to) + renamed, shape, read: () => numbers }];
  });
}

const [WORDS, TYPES, POSITIONS] = ["word", "token_type", "position"].map(
  (kind) => `embeddings.${kind}_embeddings.weight`,
) as [string, string, string];

/** Parameters of heads, whose names have no prefix. */
const HEAD = /^(cls|classifier|qa_outputs|sequence_summary)\./;

const prefixOf = ({ model_type }: RoFormerConfig, head: RoFormer["head"]): string =>
  head === "base" ? "" : `${families[model_type].prefix}.`;

const bare = (name: string, prefix: string): string => (name.startsWith(prefix) ? name.slice(prefix.length) : name);

/** The name of a parameter in the student; undefined for one of a layer that is not kept. */
function nameInStudent(
  name: string,
  layers: readonly number[],
  becomesRoFormer: boolean,
  { head }: RoFormer,
): string | undefined {
  const [, layer, rest] = /^encoder\.layer\.(\d+)\.(.*)$/.exec(name) ?? [];
  if (layer !== undefined) {
    const place = layers.indexOf(Number(layer));
    return place < 0 ? undefined : `encoder.layer.${place}.${rest}`;
  }
  // BERT's pooler does what the first layer of RoFormer's classifier does.
  if (!becomesRoFormer || head !== "sequence-classification") return name;
  return name
    .replace(/^pooler\.dense\./, "classifier.dense.")
    .replace(/^classifier\.(weight|bias)$/, "classifier.out_proj.$1");
}
