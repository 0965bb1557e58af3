import { init } from "../engine/engine.js";
import type { FileSource, Files } from "../io/files.js";
import { readModules, transformerFolder } from "../io/modules.js";
import { readWhole } from "../io/whole.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { type LoadOptions, type ReadModel, readModel } from "./load.js";
import { readSentences, type SentenceModel } from "./sentences/settings.js";

/** What a model's folder holds. */
export interface OpenedModel {
  readonly model: ReadModel;
  /** Undefined where the folder has none. */
  readonly tokenizer: Tokenizer | undefined;
  /** Undefined for models that are not sentence-transformers'. */
  readonly sentences: SentenceModel | undefined;
}

/** Reads a model's folder; nothing of it stays in memory where that fails. */
export async function openModel(source: FileSource, options: LoadOptions): Promise<OpenedModel> {
  await init();
  return readWhole(
    source,
    options,
    (root) => openFrom(root, options),
    ({ model }) => model.network.free(),
  );
}

async function openFrom(root: Files, options: LoadOptions): Promise<OpenedModel> {
  const modules = await readModules(root);
  const files = await transformerFolder(root, modules);
  const model = await readModel(files, options, modules && "base");
  try {
    const tokenizer = (await Tokenizer.isIn(files)) ? await Tokenizer.load(files) : undefined;
    return { model, tokenizer, sentences: modules && (await readSentences(root, files, modules)) };
  } catch (error) {
    model.network.free();
    throw error;
  }
}
