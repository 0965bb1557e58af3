import { readFileSync } from "node:fs";
import type { HeadName } from "../../ts/index.js";
import { openFiles } from "../../ts/io/files.js";
import { openSafetensors } from "../../ts/io/safetensors.js";
import { writeSafetensors } from "../../ts/io/safetensorsWriter.js";
import { readTensor } from "../../ts/io/weights.js";
import { golden } from "../golden.js";

/** A `config.json` and what it is tried with, of `test/golden/configs/make_configs.py`. */
export interface Variant {
  readonly name: string;
  readonly family: "bert" | "roformer";
  /** Rows of the classifier in the file of weights. */
  readonly rows: number;
  /** Text of fields, in place of those that it names. */
  readonly set?: string;
  readonly drop?: readonly string[];
  /** Whose hidden states were recorded; a classifier's scores unless named. */
  readonly head?: HeadName;
}

/** What a release of transformers made of a variant. */
export interface Outcome {
  readonly error?: string;
  /** Parameters that it found missing, or in another shape. */
  readonly missing?: readonly string[];
  /** Names of the labels, as Python prints them, and the pipeline's scores for each text. */
  readonly names?: readonly string[];
  readonly scores?: readonly (readonly number[])[];
  readonly top?: readonly string[];
  readonly hidden?: readonly number[];
  /** Scores of sentence-transformers' CrossEncoder for the texts, each with "the mat". */
  readonly crossEncoder?: readonly (readonly number[])[];
}

interface Shared {
  readonly families: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly last: Readonly<Record<string, string>>;
  readonly vocabulary: readonly string[];
  readonly texts: readonly string[];
  readonly variants: readonly Variant[];
}

const shared = golden<Shared>("configs/variants.json");
const { families, last, vocabulary } = shared;
export const { texts, variants } = shared;
export const outcomes = ["4.57.6", "5.24.0"].map((version) =>
  golden<Record<string, Outcome>>(`configs/transformers-${version}.json`),
) as [Record<string, Outcome>, Record<string, Outcome>];

/** The tensors of a family, the classifier of `rows` rows. */
async function tensorsOf(family: string, rows: number) {
  const bytes = readFileSync(new URL(`../golden/configs/${family}.safetensors`, import.meta.url));
  const weights = await openSafetensors(openFiles(new Map([["w", new Blob([bytes])]])), "w");
  const read = [...weights.tensors].map(async ([name, { shape }]) => {
    const all = await readTensor(weights, name);
    if (!name.startsWith(`${last[family]}.`)) return { name, shape, read: () => all };
    const cut = [rows, ...shape.slice(1)];
    return {
      name,
      shape: cut,
      read: () =>
        all.subarray(
          0,
          cut.reduce((a, b) => a * b),
        ),
    };
  });
  return Promise.all(read);
}

/** A `config.json` of a family, with `set` in place of the fields that it names. */
function configText({ family, set = "", drop = [] }: Pick<Variant, "family" | "set" | "drop">): string {
  const named = [...drop, ...[...set.matchAll(/"(\w+)":/g)].map(([, name]) => name!)];
  const kept = Object.fromEntries(Object.entries(families[family]!).filter(([name]) => !named.includes(name)));
  const text = JSON.stringify(kept);
  return set === "" ? text : `${text.slice(0, -1)}, ${set}}`;
}

/** The folder of a variant; `rename` names its tensors otherwise. */
export async function folderOf(variant: Omit<Variant, "name">, rename: (name: string) => string = (name) => name) {
  const tensors = (await tensorsOf(variant.family, variant.rows)).map((one) => ({ ...one, name: rename(one.name) }));
  return new Map([
    ["config.json", new Blob([configText(variant)])],
    ["model.safetensors", new Blob([...writeSafetensors(tensors)] as BlobPart[])],
    ["vocab.txt", new Blob([`${vocabulary.join("\n")}\n`])],
    ["tokenizer_config.json", new Blob(['{"tokenizer_class": "BertTokenizer", "model_max_length": 64}'])],
  ]);
}
