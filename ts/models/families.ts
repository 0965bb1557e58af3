import type { AttentionName } from "../nn/attentions/index.js";
import { type HeadName, heads } from "../nn/heads/index.js";
import type { PositionName } from "../nn/positions/index.js";
import type { FamilyConfig } from "./configFields.js";
import { families as all, type Family, type ModelType } from "./families/index.js";

/** Families by `model_type`, as shared code knows them: it asks each and never which one it has. */
export const families: Readonly<Record<ModelType, Family>> = all;

/** Every `model_type`. */
export const modelTypes = Object.keys(families) as ModelType[];

/** The family of a configuration, which may not have been checked yet; RoFormer's where it names none that there is. */
export const familyOf = ({ model_type }: { readonly model_type?: unknown }): Family =>
  Object.hasOwn(families, String(model_type)) ? families[model_type as ModelType] : families.roformer;

/** Hugging Face's name for a model of a family with a head: `RoFormerForMaskedLM`. */
export const classOf = (family: Family, head: HeadName): string =>
  family.classes?.[head] ?? family.className + heads[head].architecture;

/** The head of the class `name`; undefined if the family has no such class. */
export function headOfClass(family: Family, name: string): HeadName | undefined {
  const { alsoHold = {} } = family;
  if (Object.hasOwn(alsoHold, name)) return alsoHold[name];
  return (Object.keys(heads) as HeadName[]).find((head) => name === classOf(family, head));
}

/** The family, position encoding and attention of a model. */
export function parts(config: FamilyConfig & { readonly model_type: ModelType }): {
  family: Family;
  position: PositionName;
  attention: AttentionName;
} {
  const family = familyOf(config);
  const { position = family.position, attention = "softmax" } = config.roformer_js ?? {};
  return { family, position, attention };
}

/** The `model_type` of new models with a position encoding and an attention: a family's that names both, else RoFormer's. */
export const newModelType = (position: PositionName, attention: AttentionName): ModelType =>
  modelTypes.find((type) => {
    const { newFor } = families[type];
    return newFor?.position === position && newFor.attention === attention;
  }) ?? "roformer";

/** How names in files differ from those of a family. Files of one family may be read as another: all prefixes count. */
export const nameRules = ({ fileNames }: Family) => ({
  prefixes: [...new Set(Object.values(families).map(({ prefix }) => `${prefix}.`))],
  ...fileNames,
});
