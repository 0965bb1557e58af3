import { ConfigError } from "../errors.js";
import type { ModelFacts } from "../models/facts.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** Options for a prompt in front of texts. */
export interface PromptOptions {
  /** A prefix for each text. Default: that of `promptName`. */
  readonly prompt?: string | undefined;
  /** The name of a prompt of the model's files. Default: their `default_prompt_name`, or no prompt. */
  readonly promptName?: string | undefined;
}

/** The prefix, or "". Errors: ConfigError for an unknown name. */
export function promptOf(what: string, { sentences }: ModelFacts, { prompt, promptName }: PromptOptions): string {
  if (prompt !== undefined) {
    if (typeof prompt !== "string") throw new ConfigError(`${what}: prompt is ${JSON.stringify(prompt)}, not a text`);
    return prompt;
  }
  const name = promptName ?? sentences?.defaultPromptName;
  if (name === undefined) return "";
  const prompts = sentences?.prompts ?? {};
  if (Object.hasOwn(prompts, name)) return prompts[name]!;
  const known = Object.keys(prompts);
  const has = known.length === 0 ? "the model has no prompts" : `its prompts are ${known.join(", ")}`;
  throw new ConfigError(
    `${what}: ${promptName === undefined ? "default_prompt_name" : "promptName"} is ${JSON.stringify(name)}; ${has}`,
  );
}

/** Number of tokens of the prompt in an encoded text, including [CLS], as sentence-transformers counts. */
export function promptLength(tokenizer: Tokenizer, prompt: string, maxLength: number): number {
  if (prompt === "") return 0;
  const { ids } = tokenizer.encode(prompt, { maxLength, truncation: true });
  const specials = Object.values(tokenizer.specialTokens).map((token) => tokenizer.tokenToId(token));
  return specials.includes(ids.at(-1)) ? ids.length - 1 : ids.length;
}
