import { ConfigError } from "../errors.js";
import { type FileSource, type Files, hubHint } from "../io/files.js";
import { numLabels, type RoFormerConfig } from "../models/config.js";
import type { HeadName } from "../nn/heads/index.js";
import { RoFormer } from "../roformer.js";
import type { Adaptation, Start } from "./start.js";

/** Why an adapter is not for a run, and what helps. */
const refused = (name: string, why: string): ConfigError =>
  new ConfigError(`${name} is an adapter, ${why}: merge it into its base (convert) and begin with that`);

/** Settings that change what an adapter was trained on. */
const CHANGING = ["position", "attention", "dropout", "rotation", "numRandomFeatures"] as const;

/**
 * A model with the adapter of a folder, which is what is trained: its base stays as it is. Errors: ConfigError for an adapter of another head or
 * number of outputs, and a base without a tokenizer; those of `RoFormer.load`.
 */
export async function adaptedModel<H extends HeadName>(
  files: Files,
  { head, seed, signal, architecture }: Start<H>,
  { fields = () => ({}) }: Adaptation,
): Promise<{ readonly model: RoFormer<H>; readonly config: RoFormerConfig }> {
  const set = CHANGING.find((name) => architecture[name] !== undefined);
  if (set !== undefined) throw refused(files.name, `and ${set} cannot be set for one`);
  const model = (await RoFormer.load(files as unknown as FileSource, { signal, seed })) as RoFormer;
  try {
    if (model.head !== head)
      throw refused(files.name, `for the head "${model.head}", and what is trained has "${head}"`);
    if (!model.tokenizer)
      throw new ConfigError(
        `neither ${files.name} nor its base has a tokenizer.json or vocab.txt to encode texts with${await hubHint(files)}`,
      );
    const config = { ...model.config };
    const changed = fields(config);
    const [own, wanted] = [numLabels(config), numLabels({ ...config, ...changed } as RoFormerConfig)];
    if (own !== wanted) throw refused(files.name, `with ${own} outputs, and what is trained has ${wanted}`);
    Object.assign(model.config, changed);
    return { model: model as unknown as RoFormer<H>, config };
  } catch (error) {
    model.close();
    throw error;
  }
}
