import { doctor } from "../engine/doctor.js";
import { memory } from "../engine/memory.js";
import { ConfigError, EngineError, UnsavedError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import type { RoFormerConfigInput } from "../models/config.js";
import { convert } from "../models/convert.js";
import type { ModelFacts } from "../models/facts.js";
import { inspect } from "../models/inspect.js";
import type { CreateOptions } from "../models/interface.js";
import type { LoadOptions } from "../models/load.js";
import { pipelineFacts } from "../pipelines/index.js";
import { RoFormer } from "../roformer.js";
import type { DistillOptions } from "../train/distill/options.js";
import { distill } from "../train/distill.js";
import { evaluate } from "../train/evaluate.js";
import { finetune } from "../train/finetune.js";
import type { EvaluateOptions, FinetuneOptions, PretrainOptions } from "../train/options.js";
import { pretrain } from "../train/pretrain.js";
import type { WhenAborted } from "../train/settings/run.js";
import type { CommandTable } from "./host.js";
import type { ModelMethod } from "./protocol.js";

/** What the caller's side knows about a model. */
export interface KeptModel {
  readonly handle: number;
  readonly hasTokenizer: boolean;
  readonly facts: ModelFacts;
}

/** Models of this worker, by number. */
class Models {
  readonly #models = new Map<number, RoFormer>();
  #count = 0;

  keep(model: RoFormer): KeptModel {
    this.#models.set(++this.#count, model);
    return { handle: this.#count, hasTokenizer: model.tokenizer !== undefined, facts: model.facts };
  }

  get(handle: number): RoFormer {
    const model = this.#models.get(handle);
    if (model === undefined) throw new EngineError("the model is closed", { reason: "closed" });
    return model;
  }

  close(handle: number): void {
    this.#models.get(handle)?.close();
    this.#models.delete(handle);
  }
}

const tokenizerOf = (model: RoFormer) => {
  if (model.tokenizer) return model.tokenizer;
  throw new ConfigError("the model has no tokenizer");
};

/** The result of a training, even if its model could not be saved: an error cannot carry a model to the caller's side. */
async function trained<R extends { readonly model: RoFormer }>(models: Models, training: Promise<R>) {
  const kept = ({ model, ...rest }: R) => ({ model: models.keep(model), ...rest });
  try {
    return { ...kept(await training), unsaved: undefined };
  } catch (error) {
    if (!(error instanceof UnsavedError)) throw error;
    const { message, savedIn, result } = error as UnsavedError<R>;
    return { ...kept(result), unsaved: { message, savedIn } };
  }
}

/** The commands of a session: both sides are typed from here. The first argument is the worker's own. */
const commands = {
  load: async (models: Models, source: FileSource, options?: LoadOptions) =>
    models.keep(await RoFormer.load(source, options)),
  create: (models: Models, config: RoFormerConfigInput, options?: Omit<CreateOptions, "tokenizer">) =>
    models.keep(RoFormer.create(config, options)),
  finetune: (models: Models, options: FinetuneOptions & WhenAborted) => trained(models, finetune(options)),
  pretrain: (models: Models, options: PretrainOptions & WhenAborted) => trained(models, pretrain(options)),
  distill: (models: Models, options: DistillOptions & WhenAborted) => trained(models, distill(options)),
  evaluate: (models: Models, model: number, options: EvaluateOptions) => evaluate(models.get(model), options),
  convert: (_: Models, ...args: Parameters<typeof convert>) => convert(...args),
  // Options stand last: the functions of a source are not listeners.
  inspect: (_: Models, source: FileSource, _options: undefined) => inspect(source),
  doctor: () => doctor(),
  memory: () => memory(),
  close: (models: Models, model: number) => models.close(model),
  // biome-ignore lint/suspicious/noExplicitAny: the caller's side has each method's own types
  method: (models: Models, handle: number, name: ModelMethod, ...args: any[]) => {
    const model = models.get(handle);
    return (model[name] as (...args: unknown[]) => unknown).apply(model, args);
  },
  encode: (models: Models, model: number, ...args: Parameters<Encode<"encode">>) =>
    tokenizerOf(models.get(model)).encode(...args),
  encodeBatch: (models: Models, model: number, ...args: Parameters<Encode<"encodeBatch">>) =>
    tokenizerOf(models.get(model)).encodeBatch(...args),
  decode: (models: Models, model: number, ...args: Parameters<Encode<"decode">>) =>
    tokenizerOf(models.get(model)).decode(...args),
  valueAndGrad: (models: Models, model: number, ...args: Parameters<RoFormer["valueAndGrad"]>) => {
    const { loss, gradients } = models.get(model).valueAndGrad(...args);
    // Reading copies them.
    const copied = [...gradients].map(([name, { data, shape }]) => [name, { data, shape }] as const);
    return { loss, gradients: new Map(copied) };
  },
  parameters: (models: Models, model: number) =>
    models
      .get(model)
      .parameters()
      .map(({ name, shape }) => ({ name, shape })),
  read: (models: Models, model: number, parameter: string) => parameterOf(models.get(model), parameter).read(),
  write: (models: Models, model: number, parameter: string, values: ArrayLike<number>) =>
    parameterOf(models.get(model), parameter).write(values),
};

type Encode<K extends "encode" | "encodeBatch" | "decode"> = NonNullable<RoFormer["tokenizer"]>[K];

function parameterOf(model: RoFormer, name: string) {
  const found = model.parameters().find((one) => one.name === name);
  if (found === undefined) throw new ConfigError(`the model has no parameter ${name}`);
  return found;
}

type Bound<F> = F extends (models: Models, ...args: infer A) => infer R ? (...args: A) => R : never;
/** The commands as they are called: without the worker's own argument. */
export type Commands = { readonly [K in keyof typeof commands]: Bound<(typeof commands)[K]> };
/** What a command takes. */
export type ArgumentsOf<K extends keyof Commands> = Parameters<Commands[K]>;
/** What a command returns. */
export type ResultOf<K extends keyof Commands> = Awaited<ReturnType<Commands[K]>>;

/** Commands that change nothing and do not wait for their turn. */
const IMMEDIATE: ReadonlySet<string> = new Set(["doctor", "memory"] satisfies (keyof Commands)[]);

/** The commands of one worker, with models of its own. */
export function sessionCommands(): CommandTable {
  const models = new Models();
  const bound = Object.entries(commands).map(([name, command]) => [
    name,
    (...args: unknown[]) => (command as (...args: unknown[]) => unknown)(models, ...args),
  ]);
  return { commands: Object.fromEntries(bound), immediate: IMMEDIATE, pipelines: pipelineFacts };
}
