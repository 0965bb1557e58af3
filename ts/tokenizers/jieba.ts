import { EngineError } from "../errors.js";
import { packageFiles, platform } from "../platform/index.js";
import type { Recipe } from "./read.js";

let loading: Promise<Uint8Array> | undefined;

/** The recipe of a tokenizer that segments Chinese words first. Errors: EngineError if the dictionary cannot be loaded. */
export async function cuttingWords(recipe: Recipe): Promise<Recipe> {
  loading ??= loadDictionary().catch((error) => {
    loading = undefined;
    throw new EngineError(`the dictionary of Chinese words could not be loaded: ${error.message}`, { cause: error });
  });
  const dictionary = await loading;
  return {
    ...recipe,
    cutsWords: true,
    cleanUp: false, // except for what the WordPiece decoder does itself
    open: (glue) => {
      const handle = recipe.open(glue);
      handle.cutWords(dictionary);
      return handle;
    },
  };
}

async function loadDictionary(): Promise<Uint8Array> {
  const bytes = await platform.readPackageFile(packageFiles.dictionary());
  // Some servers send a .gz with a content encoding, which `fetch` decodes.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unzipped).arrayBuffer());
}
