import { ConfigError } from "../errors.js";
import { type Files, fileName } from "../io/files.js";
import { placeholderOf } from "../io/placeholders.js";
import type { HeadName } from "../nn/heads/index.js";
import type { RoFormerConfig } from "./config.js";

/** Where sentence-transformers 6 notes what its releases 4 and 5 wrote into `config.json`. */
const FILE = "config_sentence_transformers.json";

/** A classifier's configuration with the activation of the CrossEncoder that saved it, under `sentence_transformers`. */
export async function withActivation(config: RoFormerConfig, head: HeadName, files: Files): Promise<RoFormerConfig> {
  if (head !== "sequence-classification" || !(await files.has(FILE))) return config;
  const activation_fn = await activationIn(files);
  if (activation_fn === undefined) return config;
  return {
    ...config,
    sentence_transformers: { ...(config.sentence_transformers as object | undefined), activation_fn },
  };
}

async function activationIn(files: Files): Promise<string | undefined> {
  const [where, bytes] = [fileName(files, FILE), await files.read(FILE)];
  const other = placeholderOf(bytes);
  if (other !== undefined) throw new ConfigError(`${where} ${other}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ConfigError(`${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const { activation_fn } = (value ?? {}) as { activation_fn?: unknown };
  return typeof activation_fn === "string" ? activation_fn : undefined;
}
