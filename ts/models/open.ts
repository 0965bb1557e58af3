import { init } from "../engine/engine.js";
import { ConfigError } from "../errors.js";
import type { FileSource, Files } from "../io/files.js";
import { holdsWeights } from "../io/formats.js";
import { readModules, transformerFolder } from "../io/modules.js";
import { readWhole } from "../io/whole.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { type LoadOptions, readModel } from "./load.js";
import type { ModelParts } from "./model.js";
import { readSentences } from "./sentences/settings.js";

/** Reads a model's folder; nothing of it stays in memory where that fails. */
export async function openModel(source: FileSource, options: LoadOptions): Promise<ModelParts> {
  await init();
  return readWhole(
    source,
    options,
    (root) => openFrom(root, options),
    ({ network }) => network.free(),
  );
}

async function openFrom(root: Files, options: LoadOptions): Promise<ModelParts> {
  const modules = await readModules(root);
  const files = await transformerFolder(root, modules);
  if (await isAdapter(files)) {
    const { openAdapter } = await import("./lora/open.js");
    return openAdapter(root, files, options);
  }
  if (options.base !== undefined)
    throw new ConfigError(
      `load: base is for the folder of an adapter, and ${files.name || "what was given"} is not one`,
    );
  const { network, head, ...fit } = await readModel(files, options, modules && "base");
  try {
    const tokenizer = (await Tokenizer.isIn(files)) ? await Tokenizer.load(files) : undefined;
    const sentenceModel = modules && (await readSentences(root, files, modules));
    const facts = { config: network.config, head, ...fit, sentences: sentenceModel?.settings };
    return { network, facts, tokenizer, sentenceModel, source: root.name || undefined };
  } catch (error) {
    network.free();
    throw error;
  }
}

/**
 * Whether a folder is an adapter's. As in transformers, a local folder may hold its base too; for a server, each question is a request, and
 * whole weights are the answer.
 */
export async function isAdapter(files: Files): Promise<boolean> {
  const isLocal = (await files.list()) !== undefined;
  return (isLocal || !(await holdsWeights(files))) && (await files.has("adapter_config.json"));
}
