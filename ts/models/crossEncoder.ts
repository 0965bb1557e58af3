import { ConfigError } from "../errors.js";
import type { Files } from "../io/files.js";
import { readJsonObject } from "../io/json.js";
import { type HeadFactory, type HeadName, heads } from "../nn/heads/index.js";
import type { RoFormerConfig } from "./config.js";

/** Where sentence-transformers 6 notes what its releases 4 and 5 wrote into `config.json`. */
const FILE = "config_sentence_transformers.json";

/** A classifier's configuration with the activation of the CrossEncoder that saved it, under `sentence_transformers`. */
export async function withActivation(config: RoFormerConfig, head: HeadName, files: Files): Promise<RoFormerConfig> {
  const { labels, choices }: HeadFactory = heads[head];
  if (labels !== "sequences" || choices || !(await files.has(FILE))) return config;
  const activation_fn = await activationIn(files);
  if (activation_fn === undefined) return config;
  return {
    ...config,
    sentence_transformers: { ...(config.sentence_transformers as object | undefined), activation_fn },
  };
}

async function activationIn(files: Files): Promise<string | undefined> {
  const { activation_fn } = await readJsonObject(files, FILE, ConfigError);
  return typeof activation_fn === "string" ? activation_fn : undefined;
}
