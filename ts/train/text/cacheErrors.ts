import { DataError, RoFormerError } from "../../errors.js";
import { reason } from "../../io/reasons.js";
import type { Downloads } from "../../platform/index.js";

/** Runs `write`; turns its failures into a DataError that names the cache. Errors of this library pass through. */
export async function cannotWrite<T>({ name }: Downloads, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    throw new DataError(
      `${name}: the cache of texts cannot be written: ${reason(error)}; cache (--cache) names another`,
      {
        cause: error,
      },
    );
  }
}
