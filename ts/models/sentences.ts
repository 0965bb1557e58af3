import * as v from "valibot";
import { ConfigError } from "../errors.js";
import { type Files, fileName } from "../io/files.js";
import { decodeText, parseJson } from "../io/json.js";
import type { Pooling } from "../pipelines/embed.js";

/** How a sentence-transformers folder wants texts embedded. */
export interface SentenceSettings {
  /** How tokens become one vector; undefined: in a way that this library does not have. */
  readonly pooling: Pooling | undefined;
  /** Whether vectors are scaled to length 1. */
  readonly normalize: boolean;
  /** Tokens a text is cut to; undefined where no file says. */
  readonly maxLength: number | undefined;
  /** Its files as they were, by name: a saved copy has them too. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const modulesSchema = v.array(v.looseObject({ type: v.string(), path: v.string() }));
const poolingSchema = v.record(v.string(), v.unknown());
const lengthSchema = v.looseObject({ max_seq_length: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))) });

/** Fields of `1_Pooling/config.json` that are true for what this library has. */
const MODES: Readonly<Record<string, Pooling>> = {
  pooling_mode_mean_tokens: "mean",
  pooling_mode_cls_token: "cls",
  pooling_mode_lasttoken: "last",
};

/** What a folder of sentence-transformers says (`modules.json` and the files that it names); undefined for other folders. */
export async function readSentences(files: Files): Promise<SentenceSettings | undefined> {
  if (!(await files.has("modules.json"))) return undefined;
  const held = new Map<string, Uint8Array>();
  const modules = await readSettings(files, "modules.json", modulesSchema, held);
  const of = (kind: string) => modules.find(({ type }) => type.endsWith(`.${kind}`));
  const pooling = of("Pooling");
  const modes = pooling && (await readSettings(files, `${pooling.path}/config.json`, poolingSchema, held));
  const length = (await files.has("sentence_bert_config.json"))
    ? await readSettings(files, "sentence_bert_config.json", lengthSchema, held)
    : {};
  return {
    pooling: modes && poolingOf(modes),
    normalize: of("Normalize") !== undefined,
    maxLength: length.max_seq_length ?? undefined,
    files: held,
  };
}

/** The one mode that is on, if this library has it. */
function poolingOf(modes: Record<string, unknown>): Pooling | undefined {
  const on = Object.keys(modes).filter((name) => name.startsWith("pooling_mode_") && modes[name] === true);
  return on.length === 1 ? MODES[on[0]!] : undefined;
}

async function readSettings<T extends v.GenericSchema>(
  files: Files,
  file: string,
  schema: T,
  held: Map<string, Uint8Array>,
): Promise<v.InferOutput<T>> {
  const where = fileName(files, file);
  const bytes = await files.read(file);
  held.set(file, bytes);
  const value = parseJson(decodeText(bytes, where, ConfigError), where, ConfigError);
  try {
    return v.parse(schema, value);
  } catch (error) {
    throw new ConfigError(`${where} is not what sentence-transformers writes: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
