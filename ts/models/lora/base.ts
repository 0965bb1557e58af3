import { CheckpointError, ConfigError } from "../../errors.js";
import { type FileSource, type Files, fileName, isFolderPath } from "../../io/files.js";
import { platform } from "../../platform/index.js";
import { ADAPTER_CONFIG, type AdapterConfig } from "./config.js";
import { shown } from "./settings.js";

/** A name on the hub: `owner/name`, or a name alone, as the oldest models have. */
const HUB_NAME = /^(hf:)?[\w-][\w.-]*(\/[\w-][\w.-]*)?(@[\w./-]+)?$/;

/**
 * Where the base of an adapter is, as the adapter's folder says: a path counted from the current folder or from the
 * adapter's, or a name on the hub. A folder that is not local may name the hub's models only. Errors: CheckpointError for none.
 */
export async function baseOf(files: Files, { base, revision }: AdapterConfig): Promise<FileSource> {
  const where = fileName(files, ADAPTER_CONFIG);
  if (base === undefined)
    throw new CheckpointError(`${where} names no base model: load it with { base: "…" }`, NOT_FOUND);
  const local = platform.isNode && isFolderPath(files.name) && (await platform.exists(files.name));
  const places = local && isFolderPath(base) ? placesOf(base, files.name) : [];
  for (const path of places) if (await platform.exists(path)) return path;
  if (/^https?:/i.test(base)) {
    if (local) return base;
    throw new ConfigError(`${where}: the base is ${shown(base)}; load it with { base: "…" } if you trust it`);
  }
  if (HUB_NAME.test(base))
    return `hf:${base.replace(/^hf:/, "")}${revision && !base.includes("@") ? `@${revision}` : ""}`;
  throw new CheckpointError(
    `${where}: the base model ${shown(base)} is not there; load the adapter with { base: "…" }`,
    NOT_FOUND,
  );
}

/** Paths that a name may mean: as it is, and counted from the adapter's folder. */
const placesOf = (base: string, folder: string): string[] =>
  /^([/\\]|[a-z]:)/i.test(base) ? [base] : [base, `${folder}/${base}`];

const NOT_FOUND = { reason: "not-found" } as const;
