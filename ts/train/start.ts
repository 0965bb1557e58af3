import { ConfigError } from "../errors.js";
import { type FileSource, type Files, hubHint } from "../io/files.js";
import { transformerFiles } from "../io/modules.js";
import { readWhole } from "../io/whole.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../models/config.js";
import { saysInt8 } from "../models/configFile.js";
import { readConfig } from "../models/load.js";
import type { Model } from "../models/model.js";
import { isAdapter } from "../models/open.js";
import { setThresholds } from "../models/thresholds.js";
import type { HeadName } from "../nn/heads/index.js";
import { RoFormer } from "../roformer.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { adaptedModel } from "./adapted.js";
import { architecture, changes, requireVocabulary } from "./architecture.js";
import type { ArchitectureSettings } from "./settings/architecture.js";
import type { RunOptions } from "./settings/run.js";

/** What every model that is trained begins from. */
export interface Start<H extends HeadName> {
  readonly head: H;
  readonly seed: number;
  readonly architecture: ArchitectureSettings;
  readonly signal: AbortSignal | undefined;
  readonly onMessage: ((message: string) => void) | undefined;
}

/** The model that a caller asks to begin with; undefined for fresh weights. */
export const askedInit = ({ init }: Pick<RunOptions, "init">): FileSource | undefined =>
  init === "none" ? undefined : init;

/** A model with fresh weights for `tokenizer`, which notes `maxLength`. `fields`: what the configuration says about the outputs. */
export function freshModel<H extends HeadName>(
  { head, seed, architecture: settings }: Start<H>,
  tokenizer: Tokenizer,
  maxLength: number,
  fields: Partial<RoFormerConfigInput> = {},
): RoFormer<H> {
  tokenizer.modelMaxLength = maxLength;
  const config = { ...architecture(settings, tokenizer, { maxLength, head }), ...fields };
  return RoFormer.create(config, { head, seed, tokenizer });
}

/** Settings that a saved model has decided. */
const DECIDED = ["position", "layers", "width", "heads", "ffn", "vocabSize", "tokenizer"] as const;

/** What a run makes of a saved model. */
export interface Adaptation {
  /** Whether its position encoding may change: then {@link Adaptation.fields} says how. */
  readonly movesPosition?: boolean | undefined;
  /** Fields that change with the model's new outputs, or with its position encoding. */
  fields?(config: RoFormerConfig): Partial<RoFormerConfigInput>;
  /** Refuses a model whose weights are not those of its configuration. `name`: what the folder is called. */
  check(model: Model, name: string): void;
}

/** A model, and its configuration as it was saved. */
interface Saved<H extends HeadName> {
  readonly model: RoFormer<H>;
  readonly config: RoFormerConfig;
}

/**
 * A saved model, with its own tokenizer and another attention or dropout if these are set. Errors: ConfigError for a setting that the
 * model has decided or a folder without a tokenizer, and those of `RoFormer.load` and `check`.
 */
export async function savedModel<H extends HeadName>(
  source: FileSource,
  start: Start<H>,
  adaptation: Adaptation,
): Promise<Saved<H>> {
  const { movesPosition = false, fields = () => ({}), check } = adaptation;
  const { head, seed, signal, architecture: settings } = start;
  const isSet = (name: string) => (settings as Record<string, unknown>)[name] !== undefined;
  const set = DECIDED.find((name) => isSet(name) && !(movesPosition && name === "position"));
  if (set) throw new ConfigError(`${set} cannot be set together with init: the model's own is kept`);
  const finished = (name: string, saved: Saved<H>): Saved<H> => {
    const { model } = saved;
    try {
      check(model, name);
      requireVocabulary(model, name);
      setThresholds(model.config); // they were chosen for what the model was
      return saved;
    } catch (error) {
      model.close();
      throw error;
    }
  };
  const read = async (files: Files) => {
    const folder = await transformerFiles(files);
    if (await isAdapter(folder)) return finished(files.name, await adaptedModel(files, start, adaptation));
    if (!(await Tokenizer.isIn(folder)))
      throw new ConfigError(
        `${files.name} has no tokenizer.json or vocab.txt to encode texts with${await hubHint(files)}`,
      );
    const config = await readConfig(folder);
    if (await saysInt8(folder)) start.onMessage?.(`${files.name} has int8 weights, which are trained and saved as f32`);
    const others = fields(config);
    const changed = { ...others, ...changes(settings, { ...config, ...others } as RoFormerConfig, head) };
    return finished(files.name, {
      model: await RoFormer.load(files, { head, strict: false, signal, seed, config: changed }),
      config,
    });
  };
  return readWhole(source, { signal }, read, ({ model }) => model.close());
}
