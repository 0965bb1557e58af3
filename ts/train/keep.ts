import { UnsavedError } from "../errors.js";
import { platform } from "../platform/index.js";
import type { RoFormer } from "../roformer.js";

/**
 * Saves what was trained in `out`; if that fails, in a fresh folder beside it or in the system's temporary folder. Errors:
 * UnsavedError wherever it is not in `out`.
 */
export async function saveResult<R extends { readonly model: RoFormer }>(
  result: R,
  out: string,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  try {
    await result.model.save(out, { files });
  } catch (error) {
    const savedIn = await saveElsewhere(result.model, out, files).catch(() => undefined);
    const place = savedIn === undefined ? "no other place took it either" : `it is saved in ${savedIn} instead`;
    throw new UnsavedError(
      `the model is trained, and ${(error as Error).message}; ${place}`,
      { result, savedIn },
      { cause: error },
    );
  }
}

async function saveElsewhere(
  model: RoFormer,
  out: string,
  files: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  for await (const folder of platform.spareFolders(out)) {
    const saved = await model.save(folder, { files }).then(
      () => true,
      () => false,
    );
    if (saved) return folder;
  }
  return undefined;
}
