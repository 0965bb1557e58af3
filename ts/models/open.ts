import { init } from "../engine/engine.js";
import { type FileSource, openFiles } from "../io/files.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { type LoadOptions, type ReadModel, readModel } from "./load.js";
import { readSentences, type SentenceSettings } from "./sentences.js";

/** What a model's folder holds. */
export interface OpenedModel {
  readonly model: ReadModel;
  /** Undefined where the folder has none. */
  readonly tokenizer: Tokenizer | undefined;
  /** Undefined for models that are not sentence-transformers'. */
  readonly sentences: SentenceSettings | undefined;
}

/** Reads a model's folder; nothing of it stays in memory where that fails. */
export async function openModel(source: FileSource, options: LoadOptions): Promise<OpenedModel> {
  await init();
  const files = openFiles(source, options);
  const model = await readModel(files, options);
  try {
    const tokenizer = (await Tokenizer.isIn(files)) ? await Tokenizer.load(files) : undefined;
    return { model, tokenizer, sentences: await readSentences(files) };
  } catch (error) {
    model.network.free();
    throw error;
  }
}
