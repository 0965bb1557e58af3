import * as v from "valibot";
import { ConfigError } from "../../errors.js";
import { type Files, fileName } from "../../io/files.js";
import { readJson } from "../../io/json.js";

/** The fields of a JSON file that a schema names. Errors: ConfigError that names the file and the field. */
export async function readFields<T extends v.GenericSchema>(
  files: Files,
  file: string,
  schema: T,
): Promise<v.InferOutput<T>> {
  const where = fileName(files, file);
  const result = v.safeParse(schema, await readJson(files, file, ConfigError));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const at = v.getDotPath(issue) ?? "";
  throw new ConfigError(`${where}: ${at === "" ? "" : `${at}: `}${issue.message}`);
}

/** A field that may be null, which is the same as absent. */
export const optional = <T extends v.GenericSchema>(schema: T) => v.nullish(schema);

/** A whole number from 1. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(1));
